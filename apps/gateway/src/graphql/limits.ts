import {
  getNamedType,
  GraphQLError,
  isInterfaceType,
  isObjectType,
  Kind,
  type DocumentNode,
  type FieldNode,
  type GraphQLNamedType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql'

export const operationLimits = {
  maxDepth: 10,
  /** Fields asked for, each counted as often as the lists around it can repeat it. */
  maxCost: 100_000,
  maxAliases: 50,
  /** Of the parser: 1,000 names written out fit; a batch of vectors belongs in variables. */
  maxTokens: 6_000,
  /** Brackets of any kind inside each other. */
  maxNesting: 200,
  /** A cost is never larger than a page; more is refused by the list itself. */
  maxPage: 100,
  defaultPage: 20,
} as const

type Variables = Readonly<Record<string, unknown>>
type Measure = { depth: number; cost: number }
type Parent = GraphQLNamedType | null | undefined

/** Why an operation is not run, or null. The document must be valid: fragments exist and have no cycles. */
export function operationFault(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Variables,
): GraphQLError | null {
  const aliases = countAliases(document)
  if (aliases > operationLimits.maxAliases) return tooMuch(`${aliases} aliases`, `${operationLimits.maxAliases}`)
  const { depth, cost } = measureOperation(schema, document, operation, variables)
  if (depth > operationLimits.maxDepth) return tooMuch(`a depth of ${depth}`, `${operationLimits.maxDepth}`)
  if (cost > operationLimits.maxCost) {
    return tooMuch(
      `a cost of ${cost}`,
      `${operationLimits.maxCost}`,
      ' Ask for fewer at a time with `first`, or for fewer fields.',
    )
  }
  return null
}

/** Before parsing, see `isTooNested`. */
export const nestingFault = (): GraphQLError =>
  tooMuch('more brackets inside each other', `${operationLimits.maxNesting}`)

function tooMuch(what: string, limit: string, advice = ''): GraphQLError {
  return new GraphQLError(`The operation has ${what}; the limit is ${limit}.${advice}`, {
    extensions: { code: 'OPERATION_TOO_LARGE', http: { status: 400 } },
  })
}

function countAliases(document: DocumentNode): number {
  let count = 0
  const walk = (set: SelectionSetNode | undefined): void => {
    for (const selection of set?.selections ?? []) {
      if (selection.kind === Kind.FIELD && selection.alias) count++
      if (selection.kind !== Kind.FRAGMENT_SPREAD) walk(selection.selectionSet)
    }
  }
  for (const definition of document.definitions) if ('selectionSet' in definition) walk(definition.selectionSet)
  return count
}

/** A fragment is measured once however often it is spread: spreading spreads must not take exponential time. */
function measureOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Variables,
): Measure {
  const fragments = new Map(
    document.definitions.flatMap((node) =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node] as const] : [],
    ),
  )
  const measured = new Map<string, Measure>()
  const numberOf = numberReader(operation, variables)

  const measure = (set: SelectionSetNode | undefined, type: Parent): Measure => {
    let depth = 0
    let cost = 0
    for (const selection of set?.selections ?? []) {
      const part = measureSelection(selection, type)
      depth = Math.max(depth, part.depth)
      cost += part.cost
    }
    return { depth, cost }
  }
  const measureSelection = (selection: SelectionNode, type: Parent): Measure => {
    if (selection.kind === Kind.FIELD) return measureField(selection, type)
    if (selection.kind === Kind.FRAGMENT_SPREAD) return measureFragment(selection.name.value)
    const condition = selection.typeCondition?.name.value
    return measure(selection.selectionSet, condition === undefined ? type : schema.getType(condition))
  }
  const measureFragment = (name: string): Measure => {
    const known = measured.get(name)
    if (known) return known
    const fragment = fragments.get(name)
    const part = measure(fragment?.selectionSet, fragment && schema.getType(fragment.typeCondition.name.value))
    measured.set(name, part)
    return part
  }
  const measureField = (node: FieldNode, type: Parent): Measure => {
    // The standard introspection query is deeper than any other, and bounded by graphql-js' own rule.
    if (node.name.value.startsWith('__')) return { depth: 1, cost: 1 }
    const field = isObjectType(type) || isInterfaceType(type) ? type.getFields()[node.name.value] : undefined
    const inner = measure(node.selectionSet, field && getNamedType(field.type))
    const isPage = field?.args.some((argument) => argument.name === 'first') ?? false
    return { depth: 1 + inner.depth, cost: 1 + inner.cost * repeats(node, isPage, numberOf) }
  }
  return measure(operation.selectionSet, schema.getRootType(operation.operation))
}

const listArguments = ['first', 'last', 'uniqueNames']

function repeats(field: FieldNode, isPage: boolean, numberOf: (value: ValueNode) => number | null): number {
  const sizes = (field.arguments ?? [])
    .filter((argument) => listArguments.includes(argument.name.value))
    .map((argument) => numberOf(argument.value))
  const size = sizes.find((given) => given !== null)
  if (size != null) return Math.max(1, size)
  return isPage ? operationLimits.defaultPage : 1
}

/** Reads a page size, or the length of a list, wherever it was written: in the document, in the variables, or as their default. */
function numberReader(operation: OperationDefinitionNode, variables: Variables): (value: ValueNode) => number | null {
  const size = (value: unknown): number | null => {
    if (Array.isArray(value)) return value.length
    return typeof value === 'number' && Number.isFinite(value) ? Math.min(value, operationLimits.maxPage) : null
  }
  const read = (value: ValueNode): number | null => {
    if (value.kind === Kind.INT) return size(Number(value.value))
    if (value.kind === Kind.LIST) return value.values.length
    if (value.kind !== Kind.VARIABLE) return null
    const name = value.name.value
    const given = variables[name]
    if (given !== undefined) return size(given)
    const fallback = operation.variableDefinitions?.find(
      (definition) => definition.variable.name.value === name,
    )?.defaultValue
    return fallback ? read(fallback) : null
  }
  return read
}
