type Functions = Partial<Record<'model_fn' | 'input_fn' | 'predict_fn' | 'output_fn', string>>

/** An inference.py out of one-line bodies; what is left out passes on what it was given. */
export const body = ({
  model_fn = 'return d',
  input_fn = 'return (b, t)',
  predict_fn = 'return x',
  output_fn = 'return {"boxes": []}',
}: Functions): string => `
import json

def model_fn(d):
    ${model_fn}

def input_fn(b, t):
    ${input_fn}

def predict_fn(x, m):
    ${predict_fn}

def output_fn(p, a):
    ${output_fn}
`

/** A model of auto annotation that answers with phrases: the parts of a list, one a line, best first. */
export const tells = (list: string): string => `
import json, os, sys, threading, time

def model_fn(d):
    return d

def input_fn(b, t):
    return b, t

def predict_fn(x, m):
    b, t = x
    return ${list}

def output_fn(p, a):
    phrases = [str(one)[:200] for one in p]
    scores = [1 - 0.01 * i for i in range(len(phrases))]
    return {"boxes": [[0, 0, 8, 8]] * len(phrases), "logits": scores, "phrases": phrases}
`
