// The chapter's call on videos (examples/operations/33), run as it stands: needs ffmpeg, and a video from LAKELENS_TEST_MEDIA.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { useDatabase } from '@lakelens/db/testing'
import { sleep } from '@lakelens/kernel'
import { examplesFolder } from './examples'
import { useGateway } from './testing/testGateway'

const database = useDatabase()
const gateway = useGateway(
  {
    LAKELENS_ROLES: 'api,worker',
    INFERENCE_URL: '',
    INFERENCE_PORT: '0',
    PATH: process.env.PATH ?? '',
    LAKELENS_MODELS_DIR: process.env.LAKELENS_MODELS_DIR ?? '',
    LAKELENS_DEFAULT_TAGGING: 'yolov8n',
  },
  database,
)

const run = <T>(query: string, variables?: Record<string, unknown>): Promise<T> => gateway().run<T>(query, variables)

async function addVideos(): Promise<void> {
  const bytes = await readFile(join(process.env.LAKELENS_TEST_MEDIA ?? '', 'videos', 'slideshow.mp4'))
  const uploadId = await gateway().upload('slideshow.mp4', bytes)
  const { createCollection } = await run<{ createCollection: { collection: { id: string } } }>(
    'mutation { createCollection(input: { name: "films", contentType: VIDEO }) { collection { id } userErrors { message } } }',
  )
  const items = [
    { source: { uploadId }, name: 'meant.mp4', tags: ['water'] },
    { source: { uploadId }, name: 'dry.mp4', tags: ['desert'] },
    { source: { uploadId }, name: 'early.mp4', tags: ['water'] },
  ]
  const { addItems } = await run<{ addItems: { items: object[]; userErrors: object[] } }>(
    `mutation ($input: AddItemsInput!) { addItems(input: $input) {
       items { uniqueName contentType durationSeconds frameCount frameRate } userErrors { message } } }`,
    { input: { collectionId: createCollection.collection.id, items } },
  )
  expect(addItems.userErrors).toEqual([])
  expect(addItems.items[0]).toEqual({
    uniqueName: 'films_meant.mp4',
    contentType: 'VIDEO',
    durationSeconds: 10,
    frameCount: 100,
    frameRate: 10,
  })
  await database().query(
    `update item set created_at = case name when 'early.mp4' then '2023-03-15' else '2024-03-15' end::timestamptz`,
  )
}

test('it tags the video it means, and no other, a frame a second', async () => {
  await addVideos()
  const document = await readFile(join(examplesFolder, '33-auto-tag-videos.graphql'), 'utf8')
  const { autoTag } = await run<{ autoTag: { job: { id: string } | null; userErrors: object[] } }>(document)
  expect(autoTag.userErrors).toEqual([])
  interface Job {
    status: string
    counts: { total: number; succeeded: number }
    labelCounts: { label: string; items: number; detections: number }[]
  }
  const read = async (): Promise<Job> =>
    (
      await run<{ job: Job }>(
        'query ($id: ID!) { job(id: $id) { status counts { total succeeded } labelCounts { label items detections } } }',
        { id: autoTag.job?.id },
      )
    ).job
  let job = await read()
  for (; ['QUEUED', 'IN_PROGRESS'].includes(job.status); job = await read()) await sleep(100)
  expect(job).toMatchObject({ status: 'COMPLETED', counts: { total: 1, succeeded: 1 } })
  // What the third second shows, and the sixth.
  expect(job.labelCounts.map(({ label }) => label)).toEqual(expect.arrayContaining(['person', 'airplane']))
  const { items } = await run<{
    items: { nodes: { tags: { label: string; frames: number }[]; annotations: object }[] }
  }>(
    `{ items(query: "metadata.Tags=water AND annotation.type=machine") {
         nodes { tags { label count frames } annotations(first: 100) { nodes { label frame timestampSeconds } } } } }`,
  )
  expect(items.nodes).toHaveLength(1)
  const { tags, annotations } = items.nodes[0]!
  expect(tags.every(({ frames }) => frames >= 1 && frames <= 10)).toBe(true)
  const { nodes } = annotations as { nodes: { frame: number; timestampSeconds: number }[] }
  for (const { frame, timestampSeconds } of nodes) {
    expect(frame % 10).toBe(0)
    expect(timestampSeconds).toBeCloseTo(frame / 10, 3)
  }
}, 120_000)
