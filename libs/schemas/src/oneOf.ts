import { isInputObjectType, type GraphQLSchema } from 'graphql'

/** Inputs of which exactly one field may be given. */
export const oneOfInputs = [
  'ScopeInput',
  'ItemSourceInput',
  'ModelSourceInput',
  'VideoSamplingInput',
  'AnnotationShapeInput',
  'ReviewTargetInput',
] as const

/**
 * type-graphql knows no `@oneOf` (its directive is printed and then ignored: both keys are accepted), but graphql-js
 * validates, introspects and prints it once the flag is set on the built type.
 */
export function setOneOf(schema: GraphQLSchema): GraphQLSchema {
  for (const name of oneOfInputs) {
    const type = schema.getType(name)
    if (!isInputObjectType(type)) throw new Error(`${name} is not an input type of the schema.`)
    type.isOneOf = true
  }
  return schema
}
