export { authenticate } from './authenticate'
export { createApiKey, ensureFirstKey, listApiKeys, revokeApiKey, type ApiKey, type NewKey } from './keys'
export { signingKeys } from './signingKeys'
export { openViewer, roles, systemViewer, viewerOf, type Permission, type Role, type Viewer } from './viewer'
