/** The handler in servers that do other things as well: the real ones, each with two members that talk through it. */
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import type { Environment } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import type { HttpHandler } from '@quorate/transport-http'
import { expect, onTestFinished, test } from 'vitest'
import {
  at,
  bodyOf,
  introduce,
  listening,
  member,
  post,
  rawLink,
  serve,
  textsOf,
  until,
  untilUp,
  type Member,
} from './members.js'

type Mount = (handler: HttpHandler) => Promise<string>

const mounts: readonly (readonly [string, Mount])[] = [
  ['node:http', (handler) => serve((request, response) => handler(request, response, () => response.end('the rest')))],
  [
    'Express',
    async (handler) => {
      const app = express()
      app.use(handler)
      app.use(express.json())
      app.use((_, response) => void response.send('the rest'))
      return listening(createServer(app))
    },
  ],
  [
    'Express, below a path',
    async (handler) => {
      const app = express()
      app.use('/quorate', handler)
      app.use((_, response) => void response.send('the rest'))
      return listening(createServer(app))
    },
  ],
  [
    'Fastify',
    async (handler) => {
      const app = fastify({ forceCloseConnections: true })
      app.addContentTypeParser('application/octet-stream', (_request, _body, done) => done(null))
      app.post('/quorate/*', (request, reply) => {
        reply.hijack()
        handler(request.raw, reply.raw)
      })
      app.all('*', async () => 'the rest')
      await app.listen({ port: 0, host: '127.0.0.1' })
      onTestFinished(() => app.close())
      return app.listeningOrigin.replace('http://', '')
    },
  ],
  [
    'Hono',
    async (handler) => {
      const app = new Hono<{ Bindings: { incoming: IncomingMessage; outgoing: ServerResponse } }>()
      app.post('/quorate/*', (context) => {
        handler(context.env.incoming, context.env.outgoing)
        return RESPONSE_ALREADY_SENT
      })
      app.all('*', (context) => context.text('the rest'))
      const listener = getRequestListener(app.fetch)
      return listening(createServer((request, response) => void listener(request, response)))
    },
  ],
]

/** A member whose handler stands in such a server, and where that listens. */
async function guest(id: string, mount: Mount): Promise<{ member: Member; address: string }> {
  let handler: HttpHandler = (_request, response) => void response.writeHead(503).end()
  const address = await mount((...given) => handler(...given))
  const started = await member(id, { mounted: true, address })
  handler = started.handler
  return { member: started, address }
}

test.each(mounts)('two members talk through %s, and the rest of the service answers as before', async (_, mount) => {
  const [a, b] = [await guest('a', mount), await guest('b', mount)]
  introduce(a.member, at(b.member, b.address))
  introduce(b.member, at(a.member, a.address))
  await untilUp(a.member, b.member)
  await untilUp(b.member, a.member)
  for (const channel of ['control', 'log', 'bulk'] as const)
    a.member.running.send(b.member.id, Buffer.from(channel), channel)
  b.member.running.send(a.member.id, new Uint8Array(3_000_000), 'log')
  await until(() => b.member.frames.length === 3 && a.member.frames.length === 1)
  expect(textsOf(b.member).sort()).toEqual(['bulk', 'control', 'log'])
  expect(
    b.member.frames.every(({ from, channel, frame }) => from === 'a' && Buffer.from(frame).toString() === channel),
  ).toBe(true)
  expect(a.member.frames[0]?.frame.length).toBe(3_000_000)
  expect((await post(a.address, '/elsewhere')).body.toString()).toBe('the rest')

  await b.member.running.close()
  await until(() => a.member.links.some((link) => link.startsWith('b down')))
  expect((await post(b.address, '/elsewhere')).body.toString()).toBe('the rest')
})

test('a handler behind a parser of bodies says what is wrong', async () => {
  const a = await member('a', { mounted: true })
  const app = express()
  app.use(express.raw({ type: '*/*' }))
  app.use(a.handler)
  const address = await listening(createServer(app))
  const reply = await post(address, '/quorate/link', {
    headers: { 'quorate-versions': '1-1', 'content-type': 'application/octet-stream' },
    body: Buffer.from('b'),
  })
  expect([reply.status, reply.body.toString()]).toEqual([
    500,
    'the body has been read by something before the handler: mount it before any parser of bodies',
  ])
})

test('a handler whose member has not started, or has closed, says so', async () => {
  const b = await member('b', { mounted: true })
  const address = await serve((request, response) => b.handler(request, response))
  await b.running.close()
  const reply = await post(address, '/quorate/link', { headers: { 'quorate-versions': '1-1' }, body: bodyOf('x') })
  expect([reply.status, reply.body.toString()]).toEqual([503, 'this member has closed'])
})

test('a server that has answered in the place of the handler disturbs nothing', async () => {
  const a = await member('a', { mounted: true })
  let mount: HttpHandler = a.handler
  const address = await serve((request, response) => mount(request, response))
  const link = await rawLink(address, 'b')
  mount = (request, response) => {
    a.handler(request, response)
    response.writeHead(202).end()
  }
  expect((await link.frames('log', 1, 'delivered')).status).toBe(202)
  await until(() => a.frames.length === 1)
  mount = (request, response) => {
    response.writeHead(202).end()
    a.handler(request, response)
  }
  expect((await link.frames('log', 2)).status).toBe(202)
  mount = a.handler
  expect((await link.frames('log', 3, 'afterwards')).status).toBe(204)
  expect(textsOf(a)).toEqual(['delivered', 'afterwards'])
})

test('a token is asked for also when a server has answered already', async () => {
  const a = await member('a', { mounted: true, token: 'sixteen-or-more-letters' })
  const failed: unknown[] = []
  const address = await serve((request, response) => {
    response.writeHead(202).end()
    try {
      a.handler(request, response)
    } catch (error) {
      failed.push(error)
    }
  })
  expect((await post(address, '/quorate/link')).status).toBe(202)
  expect(failed).toEqual([])
  expect(a.proved).toEqual([])
})

test('a request that had ended before it reached the handler is not waited for', async () => {
  const real = nodeEnvironment()
  let waiting = 0
  const environment: Environment = {
    ...real,
    setTimer: (delayMs, run) => {
      const cancel = real.setTimer(delayMs, run)
      waiting += 1
      return () => {
        waiting -= 1
        cancel()
      }
    },
  }
  const a = await member('a', { mounted: true, environment, helloTimeoutMs: 600_000 })
  let arrived = 0
  let handled = 0
  const address = await serve((request, response) => {
    arrived += 1
    request
      .on('error', () => {})
      .once('close', () => {
        void real.yieldTurn().then(() => {
          a.handler(request, response)
          handled += 1
        })
      })
  })
  const asked = request(`http://${address}/quorate/link`, { method: 'POST', headers: { 'quorate-versions': '1-1' } })
  asked.on('error', () => {}).write('half a hello')
  await until(() => arrived === 1)
  asked.destroy()
  await until(() => handled === 1 && waiting === 0)
  expect(a.proved).toEqual([])
})

/** Passes on what comes below a member's prefix, without the prefix; ends what the member ends. */
async function reverseProxy(behind: ReadonlyMap<string, string>): Promise<string> {
  return serve((incoming, outgoing) => {
    const [, prefix = '', rest = ''] = /^\/cluster\/([^/]+)(\/.*)$/.exec(incoming.url ?? '') ?? []
    const target = behind.get(prefix)
    if (target === undefined) return void outgoing.writeHead(404).end()
    const { method = 'POST', headers } = incoming
    const passed = request(`http://${target}${rest}`, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      outgoing.flushHeaders()
      answer.on('error', () => outgoing.destroy()).pipe(outgoing)
    })
    passed.on('error', () => (outgoing.headersSent ? outgoing.destroy() : void outgoing.writeHead(502).end()))
    outgoing.once('close', () => passed.destroy())
    incoming.pipe(passed)
  })
}

test('members find each other behind a reverse proxy, each on a prefix of its own', async () => {
  const behind = new Map<string, string>()
  const proxy = await reverseProxy(behind)
  const options = {
    token: 'sixteen-or-more-letters',
    peerUrl: (peer: string) => `http://${proxy}/cluster/${peer}/quorate`,
  }
  const [a, b] = [await member('a', options), await member('b', options)]
  for (const one of [a, b]) behind.set(one.id, one.running.address)
  introduce(a, at(b))
  introduce(b, at(a))
  await untilUp(a, b)
  await untilUp(b, a)
  a.running.send(b.id, Buffer.from('through the proxy'), 'log')
  await until(() => b.frames.length === 1)
  expect(textsOf(b)).toEqual(['through the proxy'])

  await b.running.close()
  await until(() => a.links.some((link) => link.startsWith('b down')))
  await until(() => a.links.some((link) => link.includes('it answered 502')))
  expect(a.links.join()).not.toContain('gone')
})
