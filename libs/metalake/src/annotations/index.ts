export * from './annotations'
