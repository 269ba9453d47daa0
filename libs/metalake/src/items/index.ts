export * from './addItems'
export * from './items'
export type { Scope } from './scope'
