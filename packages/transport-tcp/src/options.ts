import {
  addressSchema,
  bytesSchema,
  durationMsSchema,
  frameBytesMax,
  loggerSchema,
  silentLogger,
} from '@quorate/contracts'
import { certificatesSchema } from '@quorate/contracts/node'
import { z } from 'zod'

/** Options of `tcpTransport`, with their defaults. */
export const tcpTransportOptionsSchema = z
  .strictObject({
    listen: addressSchema.optional(),
    tls: certificatesSchema.optional(),
    frameBytesMax: bytesSchema.max(frameBytesMax).default(frameBytesMax),
    channelBytesMax: bytesSchema.default(32 * 1024 * 1024),
    connectTimeoutMs: durationMsSchema.default(2_000),
    helloTimeoutMs: durationMsSchema.default(5_000),
    reconnectMinMs: durationMsSchema.default(50),
    reconnectMaxMs: durationMsSchema.default(2_000),
    probeIntervalMs: durationMsSchema.default(1_000),
    probeTimeoutMs: durationMsSchema.default(5_000),
    pendingConnectionsMax: z.int().min(1).default(128),
    logger: loggerSchema.default(silentLogger),
  })
  .refine(({ reconnectMinMs, reconnectMaxMs }) => reconnectMinMs <= reconnectMaxMs, {
    path: ['reconnectMaxMs'],
    error: 'must not be below reconnectMinMs',
  })
  .refine(({ probeIntervalMs, probeTimeoutMs }) => probeIntervalMs <= probeTimeoutMs, {
    path: ['probeTimeoutMs'],
    error: 'must not be below probeIntervalMs',
  })

/** What may be said to `tcpTransport`. Durations in milliseconds, sizes in bytes; the README lists all of them. */
export type TcpTransportOptions = z.input<typeof tcpTransportOptionsSchema>

/** Options with every default filled in. */
export type TcpSettings = z.output<typeof tcpTransportOptionsSchema>
