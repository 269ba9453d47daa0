import type { BoundName } from './readFunctions'

/** The SageMaker contract: what each function is called with, by position. */
export const requiredFunctions = [
  { name: 'model_fn', parameters: ['model_dir'] },
  { name: 'input_fn', parameters: ['request_body', 'request_content_type'] },
  { name: 'predict_fn', parameters: ['input_data', 'model'] },
  { name: 'output_fn', parameters: ['prediction_output', 'content_type'] },
] as const

export type RequiredFunction = (typeof requiredFunctions)[number]

export const defLine = ({ name, parameters }: RequiredFunction): string => `def ${name}(${parameters.join(', ')}):`

export interface SignatureFinding {
  code: 'inference.signature' | 'inference.async' | 'inference.unseen' | 'inference.class'
  fatal: boolean
  message: string
}

/** What is wrong, or can't be seen, about how a function takes its arguments; null when it can be called as it will be. */
export function judgeSignature({ name, parameters }: RequiredFunction, bound: BoundName): SignatureFinding | null {
  const wanted = parameters.length
  const fail = (code: SignatureFinding['code'], message: string): SignatureFinding => ({ code, fatal: true, message })
  if (bound.kind === 'async')
    return fail('inference.async', `\`${name}\` is \`async\`, and is called as a plain function`)
  if (bound.kind === 'class') return fail('inference.class', `\`${name}\` is a class, not a function`)
  if (bound.kind === 'assigned' || bound.kind === 'imported') {
    const message = `\`${name}\` is ${bound.kind}, so its parameters can't be seen without running it`
    return { code: 'inference.unseen', fatal: false, message }
  }
  const [first] = bound.keywordOnly
  if (first !== undefined)
    return fail('inference.signature', `\`${name}\` demands \`${first}\` by keyword, and is called by position`)
  if (bound.least <= wanted && (bound.most === null || bound.most >= wanted)) return null
  const takes = bound.most === null ? `at least ${bound.least}` : amount(bound.least, bound.most)
  return fail('inference.signature', `\`${name}\` takes ${takes}, and is called with ${parameterCount(wanted)}`)
}

const parameterCount = (count: number): string => `${count} ${count === 1 ? 'argument' : 'arguments'}`
const amount = (least: number, most: number): string =>
  least === most ? parameterCount(most) : `${least} to ${most} arguments`
