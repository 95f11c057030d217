import type { Server } from 'node:net'
import { QuorateError, splitAddress } from '@quorate/contracts'

/** Listens on `host:port` and resolves to the port, which the kernel has chosen if 0 was asked for. */
export function listen(server: Server, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error) => reject(listenError(error, address))
    server.once('error', onError)
    server.listen({ ...splitAddress(address), exclusive: true }, () => {
      server.off('error', onError)
      const bound = server.address()
      resolve(typeof bound === 'object' && bound !== null ? bound.port : splitAddress(address).port)
    })
  })
}

function listenError(error: Error, address: string): QuorateError {
  const code = 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE') {
    const message = `another process listens on ${address}: stop it, or give this member another address`
    return new QuorateError('ADDRESS_IN_USE', message, { cause: error })
  }
  const message = `cannot listen on ${address}: ${error.message}. Choose an address of this machine with tcpTransport({ listen: 'host:port' })`
  return new QuorateError('INVALID_OPTIONS', message, { cause: error })
}
