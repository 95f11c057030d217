import { QuorateError } from '@quorate/contracts'
import { causeInWords, isCertificateRefusal } from '@quorate/contracts/node'

const advice = 'give the gateway the option tls, or the client none'

/**
 * What ended a connection under TLS before it brought an answer, in words. What certainly was not read, although it had
 * left, is a `QuorateError` of outcome `notDone`: a client of TLS 1.3 hears of a refused certificate that late.
 */
export function connectionError(error: Error, isSent: boolean, isReused: boolean): Error {
  if (isReused) return error
  if (isSent && isCertificateRefusal(error)) {
    return new QuorateError('CONNECTION_LOST', causeInWords(error), { outcome: 'notDone', cause: error })
  }
  if (!isEnd(error)) return new Error(causeInWords(error, advice), { cause: error })
  const refused = 'as by one that does not accept the certificate of this client, or its lack: its log says why'
  return new Error(`it was ended ${isSent ? 'without an answer' : 'in its handshake'}, ${refused}`, { cause: error })
}

function isEnd(error: Error): boolean {
  return 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
}
