import { expect, test } from 'vitest'
import { endingOf } from '../src/node/index.js'

const failed = (code: string): Error => Object.assign(new Error(`connect ${code}`), { code })

test('D41: a refused connection is a process that is gone, any other failure is not', () => {
  expect(endingOf(failed('ECONNREFUSED'), 'a:1')).toEqual({ state: 'gone', reason: 'nobody listens on a:1' })
  const both = new AggregateError([failed('ECONNREFUSED'), failed('EHOSTUNREACH')])
  expect(endingOf(both, 'a:1').state).toBe('down')
})

test('why a connection failed is said in words, with the code behind them', () => {
  expect(endingOf(failed('ENOTFOUND'), 'a:1').reason).toBe('a:1: this name is not found (connect ENOTFOUND)')
  expect(endingOf(failed('ERR_SSL_WRONG_VERSION_NUMBER'), 'a:1').reason).toMatch(/does not speak TLS/)
  expect(endingOf(failed('ERR_TLS_CERT_ALTNAME_INVALID'), 'a:1').reason).toMatch(/another's certificate/)
  expect(endingOf(failed('EWHATEVER'), 'a:1').reason).toBe('a:1: connect EWHATEVER')
  expect(endingOf(new Error('no code'), 'a:1').reason).toBe('a:1: no code')
})
