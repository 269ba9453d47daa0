// The few messages of onnx.proto that the tests write.

const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))]
export const number = (field: number, value: number): Buffer => Buffer.from([...varint(field * 8), ...varint(value)])
export const message = (field: number, ...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([...varint(field * 8 + 2), ...varint(body.length)]), body])
}
export const text = (field: number, value: string): Buffer => message(field, Buffer.from(value))

const types: Readonly<Record<string, number>> = { float32: 1, uint8: 2, int64: 7, float16: 10 }

export interface Tensor {
  name: string
  type?: string
  /** -1: free. */
  shape: readonly number[]
}

const value = (field: number, { name, type = 'float32', shape }: Tensor): Buffer =>
  message(
    field,
    text(1, name),
    message(
      2,
      message(
        1,
        number(1, types[type] ?? 1),
        message(2, ...shape.map((side) => message(1, side < 0 ? text(2, 'free') : number(1, side)))),
      ),
    ),
  )

export const node = (operator: string, domain = '', ...more: Buffer[]): Buffer =>
  message(1, text(1, 'in'), text(2, 'out'), text(4, operator), ...(domain ? [text(7, domain)] : []), ...more)

/** An inner graph, as an attribute of a node. */
export const innerGraph = (...parts: Buffer[]): Buffer => message(5, text(1, 'body'), message(6, ...parts))

/** Weights that lie in another file. */
export const externalTensor = (location: string): Buffer =>
  message(5, text(8, 'weight'), message(13, text(1, 'location'), text(2, location)), number(14, 1))

export interface Graph {
  inputs?: readonly Tensor[]
  outputs?: readonly Tensor[]
  opset?: number | null
  irVersion?: number
  /** Instead of one Relu. */
  nodes?: readonly Buffer[]
  more?: readonly Buffer[]
  domains?: Readonly<Record<string, number>>
}

export const picture: Tensor = { name: 'images', shape: [-1, 3, -1, -1] }

/** A model whose graph declares these inputs and outputs. It is well-formed; nobody says that it computes. */
export function graph({
  inputs = [picture],
  outputs = [{ name: 'output0', shape: [-1, 7, -1] }],
  opset = 17,
  irVersion = 8,
  nodes = [node('Relu')],
  more = [],
  domains = {},
}: Graph = {}): Buffer {
  return Buffer.concat([
    number(1, irVersion),
    message(
      7,
      ...nodes,
      text(2, 'test'),
      ...more,
      ...inputs.map((each) => value(11, each)),
      ...outputs.map((each) => value(12, each)),
    ),
    ...(opset === null ? [] : [message(8, number(2, opset))]),
    ...Object.entries(domains).map(([domain, version]) => message(8, text(1, domain), number(2, version))),
  ])
}
