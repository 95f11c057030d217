import { httpHandler, type HttpHandlerOptions } from '@quorate/gateway-http'
import express, { type Express } from 'express'

/** An application that also answers for a member. */
export function appWith(options: HttpHandlerOptions): Express {
  const app = express()
  app.use(httpHandler(options)) // first: it reads bodies itself, and hands on what is not its own
  app.use(express.json())
  app.post('/greetings', (request, response) => void response.json({ hello: request.body as unknown }))
  return app
}
