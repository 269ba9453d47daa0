export { deletionTask } from './deletionTask'
export type { DeletionPlan } from './planDeletion'
export { deleteCollection, deleteItems, type DeleteItemsInput, type Deletion } from './startDeletion'
