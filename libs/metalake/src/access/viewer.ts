import { errors } from './errors'

/** VIEWER reads; ANALYST also uploads, adds items and starts jobs; ADMIN may do everything. */
export const roles = ['VIEWER', 'ANALYST', 'ADMIN'] as const
export type Role = (typeof roles)[number]
export type Permission = 'read' | 'run' | 'admin'

const permissionsOf: Readonly<Record<Role, readonly Permission[]>> = {
  VIEWER: ['read'],
  ANALYST: ['read', 'run'],
  ADMIN: ['read', 'run', 'admin'],
}

/** Who asks, and what they may. */
export interface Viewer {
  readonly keyId: string
  readonly name: string
  readonly role: Role
  /** Throws PERMISSION_MISSING, which names everything that is missing at once. */
  require(...permissions: Permission[]): void
}

export function viewerOf(
  role: Role,
  { keyId, name }: { keyId: string; name: string } = { keyId: '', name: role.toLowerCase() },
): Viewer {
  return Object.freeze({
    keyId,
    name,
    role,
    require(...permissions: Permission[]): void {
      const missing = permissions.filter((permission) => !permissionsOf[role].includes(permission))
      if (missing.length === 0) return
      const sufficient = roles.filter((other) =>
        permissions.every((permission) => permissionsOf[other].includes(permission)),
      )
      throw errors.PERMISSION_MISSING({ name, role, missing, roles: sufficient })
    },
  })
}

/** Everybody, where access control is off. */
export const openViewer = (): Viewer => viewerOf('ADMIN', { keyId: 'anonymous', name: 'anonymous' })

/** The product's own work: workers, sweeps. */
export const systemViewer = (): Viewer => viewerOf('ADMIN', { keyId: 'system', name: 'system' })
