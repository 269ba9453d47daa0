import { authenticate, openViewer, type Viewer } from '@lakelens/metalake'
import type { Database } from '@lakelens/db'
import { isLakeError } from '@lakelens/kernel'
import type { RequestHandler, Response } from 'express'
import { refuse } from './refuse'

/** Who sends a request, by its Authorization header. With access control off, credentials are not looked at. */
export type Authenticator = (authorization: string | undefined) => Promise<Viewer>

export const createAuthenticator = (auth: 'off' | 'keys', db: Database): Authenticator =>
  auth === 'off' ? () => Promise.resolve(openViewer()) : (authorization) => authenticate(db, authorization)

// `response.locals` is untyped in Express; these two functions are the only ones that touch this entry.
const setViewer = (response: Response, viewer: Viewer): void => void (response.locals['viewer'] = viewer)
/** Undefined when nobody asked who it is. */
export const viewerOf = (response: Response): Viewer | undefined => response.locals['viewer'] as Viewer | undefined

/** Before the body is read: whoever has no key can't make us parse 16 MB. */
export function requireViewer(authenticator: Authenticator): RequestHandler {
  return async (request, response, next) => {
    try {
      setViewer(response, await authenticator(request.headers.authorization))
    } catch (error) {
      if (!isLakeError(error) || error.category !== 'UNAUTHENTICATED') throw error
      // Basic would make browsers open a dialog over the page that asked.
      response.setHeader('WWW-Authenticate', 'Bearer realm="lakelens"')
      return refuse(response, 401, 'UNAUTHENTICATED', error.message)
    }
    next()
  }
}
