import { httpHandler, type HttpHandlerOptions } from '@quorate/gateway-http'
import fastify, { type FastifyInstance } from 'fastify'

/** An application that also answers for a member. */
export function appWith(options: HttpHandlerOptions): FastifyInstance {
  const app = fastify()
  const handler = httpHandler(options)
  app.addHook('onRequest', (request, reply, next) => handler(request.raw, reply.raw, next)) // before bodies are read
  app.post('/greetings', (request) => Promise.resolve({ hello: request.body }))
  return app
}
