/**
 * The real world, for Node.js.
 *
 * @packageDocumentation
 */
export { nodeEnvironment } from './environment.js'
export {
  Certificates,
  certificatesSchema,
  checkedCertificateOf,
  credentialsOf,
  type CertificateMaterial,
  type CertificatesOption,
  type TlsOptions,
} from './certificates.js'
export type { MayBeClient, MayBeMember, PeerCertificate } from './peer-certificate.js'
export { authoritiesOf, authoritiesSchema, pemOf, pemSchema, tlsDefaults, type Pem } from './pem.js'
export { Renewed, renewing, type PemOptions } from './renewed.js'
export {
  causeInWords,
  endingOf,
  endWords,
  isCertificateRefusal,
  speaksTls,
  strangerInWords,
  type DialStage,
} from './dial-ending.js'
