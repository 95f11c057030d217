import { createServer, type RequestListener, type Server } from 'node:http'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { httpHandler } from '@quorate/gateway-http'
import { counter } from '@quorate/machine-counter'
import { position } from '@quorate/contracts'
import { expect, onTestFinished, test } from 'vitest'
import { ActedReplica, ask, type Answered } from './members.js'
import { appWith as expressWith } from './mounted/express.js'
import { appWith as fastifyWith } from './mounted/fastify.js'

const seven = Uint8Array.of(7)
const options = { replica: new ActedReplica(async () => ({ position: position(1), result: seven })), machine: counter }

/** How a server with this listener answers a POST of JSON to a path. */
async function post(listener: RequestListener | Server, path: string): Promise<Answered> {
  const server = typeof listener === 'function' ? createServer(listener) : listener
  if (!server.listening) server.listen(0, '127.0.0.1')
  if (!server.listening) await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const bound = server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0
  const gateway = { address: `127.0.0.1:${port}`, close: async () => {}, [Symbol.asyncDispose]: async () => {} }
  return ask(gateway, path, { body: '{"by":2}' })
}

const counted = { status: 200, json: { result: 7, position: 1 } }

test('what is none of its own goes to the next one, and nothing else does', async () => {
  const handler = httpHandler(options)
  const handedOn: (string | undefined)[] = []
  const listener: RequestListener = (request, response) =>
    handler(request, response, () => {
      handedOn.push(request.url)
      response.end('mine')
    })
  expect(await post(listener, '/v1/commands/add')).toMatchObject(counted)
  expect(await post(listener, '/v1/commands/nothing')).toMatchObject({ status: 404 })
  expect(await post(listener, '/healthz')).toMatchObject({ status: 405 })
  for (const path of ['/v1/commands', '/v1', '/', '/other?of=mine']) {
    expect((await post(listener, path)).bytes.toString()).toBe(Buffer.from('mine').toString())
  }
  expect(handedOn).toEqual(['/v1/commands', '/v1', '/', '/other?of=mine'])
})

test('a body that was read before is told as that, and nothing is done', async () => {
  const handler = httpHandler(options)
  const listener: RequestListener = (request, response) => {
    request.resume().once('end', () => handler(request, response))
  }
  const answer = await post(listener, '/v1/commands/add')
  expect(answer).toMatchObject({ status: 500, json: { error: { code: 'INTERNAL', outcome: 'notDone' } } })
  expect(JSON.stringify(answer.json)).toContain('the body was read already')
  expect(JSON.stringify(answer.json)).toContain('mount httpHandler before parsers of bodies')
})

test('the snippets for Express and Fastify work as they stand in the README', async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  for (const name of ['express', 'fastify']) {
    expect(readme).toContain(readFileSync(new URL(`mounted/${name}.ts`, import.meta.url), 'utf8'))
  }
  const app = fastifyWith(options)
  await app.listen({ port: 0, host: '127.0.0.1' })
  onTestFinished(() => app.close())
  for (const server of [createServer(expressWith(options)), app.server]) {
    expect(await post(server, '/v1/commands/add')).toMatchObject(counted)
    expect(await post(server, '/greetings')).toMatchObject({ status: 200, json: { hello: { by: 2 } } })
    expect(await post(server, '/nothing')).toMatchObject({ status: 404 })
  }
})
