import { expect, test } from 'vitest'
import { endingOf, strangerInWords } from '../src/node/index.js'

const failed = (code: string): Error => Object.assign(new Error(`connect ${code}`), { code })

test('D41: a refused connection is a process that is gone, any other failure is not', () => {
  expect(endingOf(failed('ECONNREFUSED'), 'a:1', 'plain')).toEqual({ state: 'gone', reason: 'nobody listens on a:1' })
  const both = new AggregateError([failed('ECONNREFUSED'), failed('EHOSTUNREACH')])
  expect(endingOf(both, 'a:1', 'plain').state).toBe('down')
})

test('why a connection failed is said in words, with the code behind them', () => {
  expect(endingOf(failed('ENOTFOUND'), 'a:1', 'plain').reason).toBe('a:1: this name is not found (connect ENOTFOUND)')
  expect(endingOf(failed('ERR_SSL_WRONG_VERSION_NUMBER'), 'a:1', 'plain').reason).toMatch(/does not speak TLS/)
  expect(endingOf(failed('ERR_TLS_CERT_ALTNAME_INVALID'), 'a:1', 'plain').reason).toMatch(/another's certificate/)
  expect(endingOf(failed('CERT_NOT_YET_VALID'), 'a:1', 'tls').reason).toMatch(/not valid yet/)
  expect(endingOf(failed('EWHATEVER'), 'a:1', 'plain').reason).toBe('a:1: connect EWHATEVER')
  expect(endingOf(new Error('no code'), 'a:1', 'plain').reason).toBe('a:1: no code')
})

test('an end without a word is told by how far the connection had come, and alike however the kernel tells it', () => {
  const reset = failed('ECONNRESET')
  expect(endingOf(reset, 'a:1', 'plain').reason).toMatch(/^a:1 ended the connection .* asks for TLS/)
  expect(endingOf(reset, 'a:1', 'tls').reason).toMatch(/^a:1 ended the connection .* the certificate of this member/)
  expect(endingOf(reset, 'a:1', 'up').reason).toBe('a:1 ended the connection')
  expect(endingOf(failed('EPIPE'), 'a:1', 'up')).toEqual(endingOf(reset, 'a:1', 'up'))
})

test('what OpenSSL says is told without its thread and its line', () => {
  const text = '808C6D55E27F0000:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../a/b.c:350:\n'
  expect(endingOf(new Error(text), 'a:1', 'tls').reason).toBe('a:1: wrong version number')
})

test('why somebody who has dialled proved nothing is said in words, also where only its socket knows', () => {
  const hungUp = failed('ECONNRESET')
  expect(strangerInWords(hungUp, { authorizationError: 'CERT_HAS_EXPIRED' })).toMatch(
    /has expired \(CERT_HAS_EXPIRED\)/,
  )
  expect(strangerInWords(hungUp, { authorizationError: 'CERT_ODD' })).toMatch(/not accepted here \(CERT_ODD\)/)
  expect(strangerInWords(hungUp, {})).toMatch(/does not accept the certificate of this member/)
  expect(strangerInWords(failed('ERR_SSL_HTTP_REQUEST'), {})).toMatch(/does not speak TLS/)
})
