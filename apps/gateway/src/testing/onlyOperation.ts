import { Kind, type DocumentNode, type OperationDefinitionNode } from 'graphql'

/** The only operation of a document. */
export function onlyOperation(document: DocumentNode): OperationDefinitionNode {
  const operations = document.definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION)
  const [operation] = operations
  if (!operation || operations.length > 1) throw new Error('The document has not exactly one operation.')
  return operation
}
