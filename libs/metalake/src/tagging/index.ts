export { autoTagTask } from './autoTagTask'
export { previewAutoTag, type PreviewDetection, type PreviewInput, type PreviewResult } from './preview'
export { planAutoTag, startAutoTag, type AutoTagInput } from './startAutoTag'
