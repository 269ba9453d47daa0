import type { CheckCode } from '../codes'
import type { ValidateOptions } from '../validatePackage'
import { graph, type Graph } from './onnx'

export type Application = ValidateOptions['application']
export type Files = Readonly<Record<string, string | Buffer>>

export interface FaultyPackage {
  what: string
  application: Application
  files: Files
  /** The codes of the checks that FAILED, or, for `warning`, of those that warned. */
  codes: readonly CheckCode[]
  warning?: true
  /** Of the first of them. */
  file?: string
  line?: number
  /** What its message and hint must say between them. */
  says?: string
  options?: Partial<ValidateOptions>
}

export const script = [
  'def model_fn(model_dir):',
  '    return None',
  'def input_fn(request_body, request_content_type):',
  '    return request_body',
  'def predict_fn(input_data, model):',
  '    return {}',
  'def output_fn(prediction_output, content_type):',
  '    return prediction_output',
  '',
].join('\n')

export const labels = 'label_list: [red, green, blue]'

/** A Python tagger that passes, with what is to be different. */
export const python = (changes: Files = {}): Files => ({
  'code/inference.py': script,
  'code/requirements.txt': 'numpy==2.1.3\n',
  'label_list.yaml': labels,
  'weights.pt': 'weights',
  ...changes,
})

/** An ONNX detector of three classes that passes, with what is to be different. */
export const onnx = (changes: Files = {}, of: Graph = {}): Files => ({
  'model.onnx': graph(of),
  'label_list.yaml': labels,
  ...changes,
})

/** An ONNX embedder that passes. */
export const embedder = (changes: Files = {}, of: Graph = {}): Files => ({
  'model.onnx': graph({
    inputs: [{ name: 'input', shape: [-1, 3, 224, 224] }],
    outputs: [{ name: 'features', shape: [-1, 512] }],
    ...of,
  }),
  ...changes,
})

export const without = (files: Files, ...names: string[]): Files =>
  Object.fromEntries(Object.entries(files).filter(([name]) => !names.includes(name)))
