import { readFileSync } from 'node:fs'
import type { CertificateMaterial } from '@quorate/contracts/node'

/** A certificate of the fixtures, with the authority that signed those of all honest members. */
export function certificate(name: string): CertificateMaterial {
  return { cert: pem(name), key: pem(`${name}.key`), ca: pem('authority') }
}

function pem(name: string): string {
  return readFileSync(new URL(`fixtures/certificates/${name}.pem`, import.meta.url), 'utf8')
}
