export * from './collections'
