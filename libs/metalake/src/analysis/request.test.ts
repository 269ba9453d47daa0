import { analysisPayload } from './request'

test('a job that was queued before there were queries keeps its scope', () => {
  const options = { inputResolution: { width: 300, height: 300 }, confidenceThreshold: 0.5 }
  const old = { model: 'yolov8n', collectionId: '7', itemIds: null, onExisting: 'SKIP', options }
  expect(analysisPayload.parse(old)).toEqual({
    model: 'yolov8n',
    onExisting: 'SKIP',
    options,
    selection: { collectionId: '7', itemIds: null, contentType: null, query: null, filter: null },
  })
  const listed = { ...old, collectionId: null, itemIds: ['3', '4'] }
  expect(analysisPayload.parse(listed).selection).toMatchObject({ collectionId: null, itemIds: ['3', '4'] })
  expect(() => analysisPayload.parse({ model: 'yolov8n', onExisting: 'SKIP' })).toThrow('selection')
})
