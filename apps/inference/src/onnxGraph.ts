// The few bytes of protobuf this program writes itself. Field numbers are those of onnx.proto.

const varint = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)])
const number = (field: number, value: number): Buffer => Buffer.from([...varint(field << 3), ...varint(value)])
const message = (field: number, ...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([...varint((field << 3) | 2), ...varint(body.length)]), body])
}
const text = (field: number, value: string): Buffer => message(field, Buffer.from(value))

const model = { irVersion: 1, graph: 7, opsetImport: 8 }
const graph = { node: 1, name: 2, input: 11, output: 12 }

/**
 * The same model with one of its inner tensors as an additional output. Two serialised messages laid end to end are, by
 * protobuf's own rule, their merge: lists such as the graph's outputs are joined. The file is not parsed, so any size does.
 * The runtime infers the tensor's type and shape, and refuses a name the graph does not have.
 */
export const withGraphOutput = (file: Uint8Array, tensor: string): Uint8Array =>
  Buffer.concat([file, message(model.graph, message(graph.output, text(1, tensor)))])

/** `y = relu(x)` over one float32: the smallest real inference, run before the service calls itself ready. */
export function probeGraph(): Uint8Array {
  const oneFloat = message(1, number(1, 1), message(2, message(1, number(1, 1))))
  const value = (field: number, name: string): Buffer => message(field, text(1, name), message(2, oneFloat))
  const relu = message(graph.node, text(1, 'x'), text(2, 'y'), text(4, 'Relu'))
  return Buffer.concat([
    number(model.irVersion, 8),
    message(model.graph, relu, text(graph.name, 'probe'), value(graph.input, 'x'), value(graph.output, 'y')),
    message(model.opsetImport, number(2, 13)),
  ])
}
