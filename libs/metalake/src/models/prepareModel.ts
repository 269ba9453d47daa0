import { insertModelVersion, lockModel, touchBlob, type ModelOrigin, type ModelVersionWithContent } from '@lakelens/db'
import type { ModelFacts } from '@lakelens/inference-client'
import { createReadStream } from 'node:fs'
import type { Lake } from '../lake'
import { storeBlob } from '../uploads/storeBlob'
import { chooseSource, resolveFor } from './checkModel'
import { classCount } from './classCount'
import { packageDigest } from './digest'
import type { DownloadProgress } from './download'
import { errors } from './errors'
import type { KnownModel } from './known'
import { contentRef, type ModelContent } from './modelRef'
import { obtainFile, type ObtainedFile } from './obtain'
import { openingStage, openStored } from './openStored'
import type { RunnableApplication } from './settings'

/** A version and what the backend said of it just now. */
export type PreparedModel = ModelVersionWithContent & { stride: number; facts: ModelFacts }

/**
 * Makes a model ready to run: its file found or fetched, verified, put where every inference process can have it, opened and
 * warmed, and its version on record. Any number of workers may prepare one model at once and get the same version: the same
 * file under the same manifest and labels is the same version, whenever it comes back.
 */
export async function prepareModel(
  lake: Lake,
  modelId: string,
  application: RunnableApplication,
  signal: AbortSignal,
  report: Report = () => undefined,
): Promise<PreparedModel> {
  lake.viewer.require('run')
  const source = await chooseSource(lake, await resolveFor(lake, modelId, application))
  if ('stored' in source) {
    report(openingStage(source.stored), null)
    const { version, facts } = await openStored(lake, source.stored, signal)
    return prepared(version, facts)
  }
  const { name } = source.known
  const onProgress = (progress: DownloadProgress): void => report(fetchingStage(name, progress), null)
  const file = await obtainFile(lake.models, source.known, { signal, onProgress })
  report('opening the model', null)
  return openFile(lake, source.known, application, file, signal)
}

/** Says what is being waited for, for people. */
type Report = (stage: string, fraction: number | null) => void

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)

const fetchingStage = (name: string, { receivedBytes, totalBytes }: DownloadProgress): string =>
  `fetching ${name}: ${megabytes(receivedBytes)}${totalBytes === null ? '' : ` of ${megabytes(totalBytes)}`} MB`

const originOf = (place: string): ModelOrigin =>
  place === 'MODELS_DIR' ? 'LOCAL' : place === 'BUNDLED' ? 'BUNDLED' : 'PUBLISHER'

async function openFile(
  lake: Lake,
  known: KnownModel,
  application: RunnableApplication,
  file: ObtainedFile,
  signal: AbortSignal,
): Promise<PreparedModel> {
  const content: ModelContent = {
    sha256: file.sha256,
    byteSize: file.byteSize,
    manifest: file.manifest,
    labels: file.labels,
    runtime: 'ONNX',
    application,
  }
  await storeFile(lake, file, signal)
  const facts = await lake.backend.loadModel(await contentRef(lake, known.name, content), { signal })
  requireFitting(known.name, application, content, facts)
  const version = await lake.db.transaction(async (tx) => {
    // Again, and in this transaction: a blob nothing points at may be swept while a slow graph is opened.
    await touchBlob(tx, { digest: file.sha256, byteSize: file.byteSize })
    const { name, description } = known
    const model = await lockModel(tx, { name, application, isSystem: true, description, createdBy: null })
    if (model.application !== application)
      throw errors.MODEL_APPLICATION_MISMATCH({ modelId: name, expected: application, actual: model.application })
    return insertModelVersion(tx, {
      modelId: model.id,
      status: 'READY',
      origin: originOf(file.place),
      packageDigest: packageDigest(content.sha256, content.manifest, content.labels),
      license: known.license,
      ...content,
      manifest: { ...content.manifest },
      labels: [...content.labels],
      ...columnsOf(facts),
    })
  })
  return prepared(version, facts)
}

const prepared = (version: ModelVersionWithContent, facts: ModelFacts): PreparedModel => ({
  ...version,
  stride: version.stride ?? facts.stride,
  facts,
})

/** What opening a graph told of it, as a version keeps it. */
export const columnsOf = ({ inputs, outputs, fixedResolution, stride, vectorDimension, warmupMs }: ModelFacts) => ({
  inputs,
  outputs,
  fixedResolution,
  stride,
  vectorDimension,
  warmupMs,
})

async function storeFile(lake: Lake, file: ObtainedFile, signal: AbortSignal): Promise<void> {
  // Touched before looked for: from here on no sweep takes the file away, and one that is at it is waited for.
  await touchBlob(lake.db, { digest: file.sha256, byteSize: file.byteSize })
  if (await lake.blobs.stat(file.sha256)) return
  // The store computes the digest again: a file that changes while it is read can't get in under another's name.
  await storeBlob(lake, createReadStream(file.path), {
    maxBytes: file.byteSize,
    expected: { digest: file.sha256, byteSize: file.byteSize },
    signal,
  })
}

/** What the package says of itself has to be true of the graph, as far as the graph tells. */
function requireFitting(
  modelId: string,
  application: RunnableApplication,
  content: ModelContent,
  facts: ModelFacts,
): void {
  if (application === 'EMBEDDING') {
    const declared = content.manifest['vectorDimension']
    if (typeof declared === 'number' && declared !== facts.vectorDimension) {
      throw errors.MODEL_DIMENSION_MISMATCH({ modelId, declared, actual: facts.vectorDimension })
    }
    return
  }
  const classes = classCount(content.manifest['output'], facts.outputs)
  if (classes !== null && classes !== content.labels.length) {
    throw errors.MODEL_LABELS_MISMATCH({ modelId, labels: content.labels.length, classes })
  }
}
