import { randomFillSync } from 'node:crypto'
import { closeSync, cpSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { join, resolve } from 'node:path'

const examples = resolve(__dirname, '../../../examples/models')
const mebibyte = 1024 * 1024

/** Random, so that nothing shrinks it on its way. */
function appendRandom(file: string, bytes: number): void {
  const handle = openSync(file, 'a')
  try {
    for (let left = bytes; left > 0; left -= mebibyte)
      writeSync(handle, randomFillSync(Buffer.alloc(Math.min(left, mebibyte))))
  } finally {
    closeSync(handle)
  }
}

/** The Python embedder of the examples, with weights that it doesn't read. Checked at registration, and not started. */
export function largePythonPackage(folder: string, mebibytes: number): string {
  cpSync(join(examples, 'python-embedder'), folder, { recursive: true })
  appendRandom(join(folder, 'weights.bin'), mebibytes * mebibyte)
  return folder
}

const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))]
const header = (field: number, length: number): Buffer => Buffer.from([...varint(field * 8 + 2), ...varint(length)])

/**
 * The ONNX detector of the examples with one more constant, which no node reads: it is fetched, opened and answers a picture as
 * any graph of this size. A message that is appended to another is merged with it, so nothing of onnx.proto is needed but four fields.
 */
export function largeOnnxPackage(folder: string, mebibytes: number): string {
  mkdirSync(folder, { recursive: true })
  for (const name of ['label_list.yaml', 'model.yaml'])
    cpSync(join(examples, 'onnx-detector', name), join(folder, name))
  const bytes = mebibytes * mebibyte
  // TensorProto: dims, data_type uint8, name, raw_data.
  const ballast = Buffer.concat([
    Buffer.from([8, ...varint(bytes), 16, 2]),
    header(8, 7),
    Buffer.from('ballast'),
    header(9, bytes),
  ])
  const initializer = header(5, ballast.length + bytes)
  const graph = header(7, initializer.length + ballast.length + bytes)
  const file = join(folder, 'model.onnx')
  writeFileSync(
    file,
    Buffer.concat([readFileSync(join(examples, 'onnx-detector', 'model.onnx')), graph, initializer, ballast]),
  )
  appendRandom(file, bytes)
  return folder
}
