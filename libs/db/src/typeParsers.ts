import { types, type CustomTypesConfig } from 'pg'

const identity = (text: string): string => text

/**
 * What leaves JavaScript's exact range stays text (int8, numeric), a date without a time stays text (the driver would shift
 * it by the process's time zone). Set per pool, so that nothing else in the process changes what we read.
 */
const overrides = new Map<number, (text: string) => unknown>([
  [types.builtins.INT8, identity],
  [types.builtins.NUMERIC, identity],
  [types.builtins.DATE, identity],
  [types.builtins.INT2, Number],
  [types.builtins.INT4, Number],
  [types.builtins.FLOAT4, Number],
  [types.builtins.FLOAT8, Number],
  [types.builtins.JSON, JSON.parse],
  [types.builtins.JSONB, JSON.parse],
])

export const typeParsers: CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    (format === 'binary' ? undefined : overrides.get(oid)) ??
    types.getTypeParser(oid, format)) as CustomTypesConfig['getTypeParser'],
}
