import type { Response } from 'express'

/** Every refusal before GraphQL has the shape of a GraphQL error, so that clients read one thing. */
export function refuse(response: Response, status: number, code: string, message: string): void {
  const requestId = response.getHeader('X-Request-Id')
  response
    .status(status)
    .json({ errors: [{ message, extensions: { code, ...(typeof requestId === 'string' && { requestId }) } }] })
}
