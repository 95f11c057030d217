/// <reference types="node" preserve="true" />
import type { ClientRequest, RequestOptions } from 'node:http'
import {
  addressSchema,
  bytesSchema,
  durationMsSchema,
  frameBytesMax,
  loggerSchema,
  silentLogger,
  type NodeId,
} from '@quorate/contracts'
import { certificatesSchema } from '@quorate/contracts/node'
import { z } from 'zod'

/** Starts a request, as `request` of `node:http` and `node:https` do. */
export type RequestFunction = (url: URL, options: RequestOptions) => ClientRequest

/** The base of a peer's URL: `https://proxy.example/n2/quorate`. */
export type PeerUrl = (peer: NodeId, address: string) => string

const functionSchema = <Of>() => z.custom<Of>((given) => typeof given === 'function', { error: 'must be a function' })

/** Options of `httpTransport`, with their defaults. */
export const httpTransportOptionsSchema = z
  .strictObject({
    listen: addressSchema.optional(),
    mounted: z.boolean().default(false),
    path: z
      .string()
      .regex(/^(\/[A-Za-z0-9._~-]+)*$/, 'must be empty or like "/quorate", without a slash at its end')
      .default('/quorate'),
    peerUrl: functionSchema<PeerUrl>().optional(),
    request: functionSchema<RequestFunction>().optional(),
    token: z
      .string()
      .regex(/^[A-Za-z0-9._~+/=-]{16,512}$/, 'must be 16 to 512 of the characters A-Z a-z 0-9 . _ ~ + / = -')
      .optional(),
    tls: certificatesSchema.optional(),
    frameBytesMax: bytesSchema.max(frameBytesMax).default(frameBytesMax),
    channelBytesMax: bytesSchema.default(32 * 1024 * 1024),
    connectTimeoutMs: durationMsSchema.default(2_000),
    helloTimeoutMs: durationMsSchema.default(5_000),
    postTimeoutMs: durationMsSchema.default(30_000),
    reconnectMinMs: durationMsSchema.default(50),
    reconnectMaxMs: durationMsSchema.default(2_000),
    beatIntervalMs: durationMsSchema.default(1_000),
    silenceTimeoutMs: durationMsSchema.default(5_000),
    pendingConnectionsMax: z.int().min(1).default(128),
    logger: loggerSchema.default(silentLogger),
  })
  .refine(({ reconnectMinMs, reconnectMaxMs }) => reconnectMinMs <= reconnectMaxMs, {
    path: ['reconnectMaxMs'],
    error: 'must not be below reconnectMinMs',
  })
  .refine(({ beatIntervalMs, silenceTimeoutMs }) => beatIntervalMs <= silenceTimeoutMs, {
    path: ['silenceTimeoutMs'],
    error: 'must not be below beatIntervalMs',
  })
  .refine(({ mounted, listen }) => !mounted || listen === undefined, {
    path: ['listen'],
    error: 'is of no use together with mounted: the server that the handler is mounted in listens',
  })

/** What may be said to `httpTransport`. Durations in milliseconds, sizes in bytes; the README lists all of them. */
export type HttpTransportOptions = z.input<typeof httpTransportOptionsSchema>

/** Options with every default filled in. */
export type HttpSettings = z.output<typeof httpTransportOptionsSchema>
