import { defineErrors } from '@lakelens/kernel'

export const errors = defineErrors('vision', {
  MANIFEST_INVALID: [
    'MODEL_PACKAGE_INVALID',
    (facts: { faults: readonly string[] }) =>
      `model.yaml is not usable: ${facts.faults.join('; ')}. Correct it, or leave the key out to get its default.`,
  ],
  OUTPUT_UNKNOWN: [
    'MODEL_PACKAGE_INVALID',
    () =>
      'Neither `output` nor `task` of model.yaml says how the answers of this graph are read. Set `output`, for example `output: yolov8`.',
  ],
  OUTPUT_NOT_SUPPORTED: [
    'NOT_SUPPORTED',
    (facts: { output: string; supported: readonly string[] }) =>
      `Models with \`output: ${facts.output}\` cannot be run by this version. It runs ${facts.supported.join(', ')}.`,
  ],
  MANIFEST_NOT_SUPPORTED: [
    'NOT_SUPPORTED',
    (facts: { key: string; value: string; output: string }) =>
      `\`${facts.key}: ${facts.value}\` cannot be run together with \`output: ${facts.output}\` by this version. Leave the key out, or convert the graph.`,
  ],
  OUTPUT_SHAPE_UNEXPECTED: [
    'MODEL_PACKAGE_INVALID',
    (facts: { output: string; expected: string; actual: readonly number[] }) =>
      `The graph answers a tensor of shape [${facts.actual.join(', ')}], and \`output: ${facts.output}\` is ${facts.expected}. Check \`output\`, \`input.size\` and the number of labels.`,
  ],
  OUTPUTS_UNEXPECTED: [
    'MODEL_PACKAGE_INVALID',
    (facts: { output: string; expected: string; actual: string }) =>
      `The graph answers ${facts.actual || 'nothing'}, and \`output: ${facts.output}\` is ${facts.expected}. Check \`output\` and the number of labels, or export the graph with these outputs.`,
  ],
  INPUT_UNSAID: [
    'MODEL_PACKAGE_INVALID',
    (facts: { input: string; key: string; example: string }) =>
      `The graph's input is ${facts.input}, which leaves open its ${facts.key}. Say it in model.yaml, for example \`input: ${facts.example}\`.`,
  ],
  SCORES_UNEXPECTED: [
    'MODEL_PACKAGE_INVALID',
    (facts: { least: number; most: number; advice: string }) =>
      `The scores of this graph on a plain picture run from ${facts.least} to ${facts.most}: ${facts.advice}.`,
  ],
  BOXES_UNEXPECTED: [
    'MODEL_PACKAGE_INVALID',
    (facts: { boxes: string; advice: string; largest: number }) =>
      `The boxes of this graph reach to ${facts.largest}, and are read as ${facts.boxes}. Write \`boxes: ${facts.advice}\` in model.yaml.`,
  ],
  CLASS_UNKNOWN: [
    'MODEL_PACKAGE_INVALID',
    (facts: { classId: number; classes: number }) =>
      `The graph answers class ${facts.classId}, and there are ${facts.classes} labels, counted from 0. Complete the labels; where a graph counts from 1 the first of them is \`background\`.`,
  ],
  POOLING_IMPOSSIBLE: [
    'MODEL_PACKAGE_INVALID',
    (facts: { pooling: string; shape: readonly number[] }) =>
      `\`pooling: ${facts.pooling}\` gives no vector for a tensor of shape [${facts.shape.join(', ')}]. Name another \`tensor\`, or set \`pooling\` to none (for [batch, D]), mean, or cls (for [batch, tokens, D]).`,
  ],
  RLE_INVALID: [
    'INVALID_INPUT',
    (facts: { reason: string }) =>
      `This is no run-length code of a mask of the picture: ${facts.reason}. Encode it as COCO does, in the pixels of the picture.`,
  ],
})
