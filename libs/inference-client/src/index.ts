export type * from './backend'
export { type GrpcBackendOptions, createGrpcBackend } from './grpcBackend'
export { errors as inferenceClientErrors } from './errors'
export { maxPictureBytes } from '@lakelens/proto'
