import { expect, test } from 'vitest'
import { Certificates } from '../src/node/index.js'
import { certificate } from '../../../tools/certificates/certificate.js'

test('certificates that cannot be read are told once, also when every connection asks for them, and again the next time', () => {
  const told: string[] = []
  const say = (_fields: object, message: string): void => void told.push(message)
  let give = () => certificate('a')
  const certificates = new Certificates(() => give(), { debug: say, info: say, warn: say, error: say })
  const good = certificates.current()
  for (let times = 1; times <= 2; times += 1) {
    give = () => {
      throw new Error('the file is being written')
    }
    for (let connections = 0; connections < 5; connections += 1) expect(certificates.current()).toBe(good)
    expect(told).toHaveLength(times)
    give = () => certificate('a')
    expect(certificates.current()).toBe(good)
  }
  expect(told[0]).toBe('new certificates cannot be used, and the last ones stay: the file is being written')
  give = () => certificate('renewed-a')
  expect(certificates.current().cert).toBe(certificate('renewed-a').cert)
})
