export { autoTagTask } from './autoTagTask'
export * from './startAutoTag'
