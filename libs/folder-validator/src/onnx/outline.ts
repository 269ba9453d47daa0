import type { FileHandle } from 'node:fs/promises'
import type { TensorSpec } from '@lakelens/vision'
import { createFileSource, type FileSource } from './fileSource'
import { fieldsOf, intOf, ProtobufError, textOf, type Budget, type Field } from './protobuf'

/** What a graph is made of, without its weights. */
export interface OnnxOutline {
  irVersion: number
  /** Domain ('' is ai.onnx) → version. */
  opsets: Map<string, number>
  /** Domain → operators used, those of inner graphs included. */
  operators: Map<string, Set<string>>
  nodes: number
  /** Without what the graph holds a value for. */
  inputs: TensorSpec[]
  outputs: TensorSpec[]
  /** Output → the operator that makes it. */
  madeBy: Map<string, string>
  /** Files the weights lie in, beside the graph. */
  externalFiles: string[]
  /** `domain:name` of functions the model brings itself. */
  functions: Set<string>
  hasGraph: boolean
}

// Field numbers of onnx.proto.
const model = { irVersion: 1, graph: 7, opsetImport: 8, functions: 25 }
const graph = { node: 1, initializer: 5, input: 11, output: 12, sparseInitializer: 15 }
const node = { input: 1, output: 2, opType: 4, attribute: 5, domain: 7 }
const attribute = { t: 5, g: 6, tensors: 10, graphs: 11, sparseTensor: 22, sparseTensors: 23 }
const tensor = { name: 8, externalData: 13, dataLocation: 14 }
const functionProto = { name: 1, node: 7, domain: 10 }

// The largest graphs of the field have some ten thousand nodes, of some twenty fields each.
const maxFields = 5_000_000
const maxNesting = 32
// Names are kept, to match inputs with what the graph holds a value for: a million of usual length, or fewer long ones.
const maxNameBytes = 64 * 1024 * 1024

interface Reader {
  source: FileSource
  budget: Budget
  nameBytes: number
  outline: OnnxOutline
  initializers: Set<string>
  /** Node output → operator, of the main graph. */
  makers: Map<string, string>
}

/**
 * Reads a model's outline by walking its protobuf by offsets: tensors are stepped over, so that a graph of gigabytes takes
 * one small window of memory. Throws ProtobufError for what is no such file.
 */
export async function readOutline(handle: FileHandle, byteSize: number): Promise<OnnxOutline> {
  const outline: OnnxOutline = {
    irVersion: 0,
    opsets: new Map(),
    operators: new Map(),
    nodes: 0,
    inputs: [],
    outputs: [],
    madeBy: new Map(),
    externalFiles: [],
    functions: new Set(),
    hasGraph: false,
  }
  const source = createFileSource(handle, byteSize)
  const reader: Reader = {
    source,
    budget: { left: maxFields },
    nameBytes: 0,
    outline,
    initializers: new Set(),
    makers: new Map(),
  }
  for await (const field of fieldsOf(source, 0, byteSize, reader.budget)) {
    if (field.number === model.irVersion) outline.irVersion = intOf(field)
    else if (field.number === model.opsetImport) await readOpset(reader, field)
    else if (field.number === model.functions) await readFunction(reader, field)
    // Twice is protobuf's way of merging two messages: the lists of both count.
    else if (field.number === model.graph) {
      outline.hasGraph = true
      await readGraph(reader, field, 0)
    }
  }
  outline.inputs = outline.inputs.filter(({ name }) => !reader.initializers.has(name))
  for (const { name } of outline.outputs) {
    const maker = reader.makers.get(name)
    if (maker !== undefined) outline.madeBy.set(name, maker)
  }
  return outline
}

const inside = ({ source, budget }: Reader, field: Field): AsyncGenerator<Field> => {
  if (field.wire !== 2) throw new ProtobufError('malformed', field.start)
  return fieldsOf(source, field.start, field.end, budget)
}

async function nameOf(reader: Reader, field: Field): Promise<string> {
  const name = (await textOf(reader.source, field)) ?? '?'
  reader.nameBytes += name.length
  if (reader.nameBytes > maxNameBytes) throw new ProtobufError('endless', field.start)
  return name
}

async function readOpset(reader: Reader, message: Field): Promise<void> {
  let domain = ''
  let version = 0
  for await (const field of inside(reader, message)) {
    if (field.number === 1) domain = await nameOf(reader, field)
    else if (field.number === 2) version = intOf(field)
  }
  reader.outline.opsets.set(plainDomain(domain), version)
}

const plainDomain = (domain: string): string => (domain === 'ai.onnx' ? '' : domain)

async function readFunction(reader: Reader, message: Field): Promise<void> {
  let name = ''
  let domain = ''
  for await (const field of inside(reader, message)) {
    if (field.number === functionProto.name) name = await nameOf(reader, field)
    else if (field.number === functionProto.domain) domain = await nameOf(reader, field)
    else if (field.number === functionProto.node) await readNode(reader, field, 1)
  }
  reader.outline.functions.add(`${plainDomain(domain)}:${name}`)
}

/** `depth` 0: the main graph, whose inputs and outputs are the model's. */
async function readGraph(reader: Reader, message: Field, depth: number): Promise<void> {
  if (depth > maxNesting) throw new ProtobufError('endless', message.start)
  for await (const field of inside(reader, message)) {
    if (field.number === graph.node) await readNode(reader, field, depth)
    else if (field.number === graph.initializer) await readTensor(reader, field, depth === 0)
    else if (field.number === graph.sparseInitializer) await readSparse(reader, field)
    else if (depth === 0 && field.number === graph.input) reader.outline.inputs.push(await readValue(reader, field))
    else if (depth === 0 && field.number === graph.output) reader.outline.outputs.push(await readValue(reader, field))
  }
}

async function readNode(reader: Reader, message: Field, depth: number): Promise<void> {
  const { outline } = reader
  let operator = ''
  let domain = ''
  const outputs: string[] = []
  outline.nodes++
  for await (const field of inside(reader, message)) {
    if (field.number === node.opType) operator = await nameOf(reader, field)
    else if (field.number === node.domain) domain = plainDomain(await nameOf(reader, field))
    else if (field.number === node.output && depth === 0) outputs.push(await nameOf(reader, field))
    else if (field.number === node.attribute) await readAttribute(reader, field, depth)
  }
  const used = outline.operators.get(domain) ?? new Set()
  outline.operators.set(domain, used.add(operator))
  for (const output of outputs) reader.makers.set(output, operator)
}

async function readAttribute(reader: Reader, message: Field, depth: number): Promise<void> {
  for await (const field of inside(reader, message)) {
    if (field.number === attribute.g || field.number === attribute.graphs) await readGraph(reader, field, depth + 1)
    else if (field.number === attribute.t || field.number === attribute.tensors) await readTensor(reader, field, false)
    else if (field.number === attribute.sparseTensor || field.number === attribute.sparseTensors)
      await readSparse(reader, field)
  }
}

async function readSparse(reader: Reader, message: Field): Promise<void> {
  for await (const field of inside(reader, message))
    if (field.number === 1 || field.number === 2) await readTensor(reader, field, false)
}

async function readTensor(reader: Reader, message: Field, isInitializer: boolean): Promise<void> {
  const { outline } = reader
  let external = false
  let location = ''
  for await (const field of inside(reader, message)) {
    if (field.number === tensor.name && isInitializer) reader.initializers.add(await nameOf(reader, field))
    else if (field.number === tensor.dataLocation) external ||= intOf(field) === 1
    else if (field.number === tensor.externalData) {
      external = true
      location = (await readLocation(reader, field)) ?? location
    }
  }
  if (external && !outline.externalFiles.includes(location) && outline.externalFiles.length < 20)
    outline.externalFiles.push(location)
}

async function readLocation(reader: Reader, message: Field): Promise<string | null> {
  const pair: (string | null)[] = []
  for await (const field of inside(reader, message)) pair[field.number] = await textOf(reader.source, field)
  return pair[1] === 'location' ? (pair[2] ?? null) : null
}

// TensorProto.DataType
const typeNames: readonly string[] =
  'undefined float32 uint8 int8 uint16 int16 int32 int64 string bool float16 float64 uint32 uint64 complex64 complex128 bfloat16'.split(
    ' ',
  )

/** ValueInfoProto: a name and a type, of which a tensor's element type and shape are read. */
async function readValue(reader: Reader, message: Field): Promise<TensorSpec> {
  const spec: { name: string; type: string; shape: number[] } = { name: '', type: 'not a tensor', shape: [] }
  for await (const field of inside(reader, message)) {
    if (field.number === 1) spec.name = await nameOf(reader, field)
    else if (field.number === 2) {
      for await (const type of inside(reader, field)) if (type.number === 1) await readTensorType(reader, type, spec)
    }
  }
  return spec
}

async function readTensorType(reader: Reader, message: Field, spec: { type: string; shape: number[] }): Promise<void> {
  for await (const field of inside(reader, message)) {
    if (field.number === 1) spec.type = typeNames[intOf(field)] ?? `type ${intOf(field)}`
    else if (field.number === 2) {
      for await (const dimension of inside(reader, field)) {
        let side = -1
        for await (const part of inside(reader, dimension)) if (part.number === 1) side = intOf(part)
        spec.shape.push(side < 0 ? -1 : side)
      }
    }
  }
}
