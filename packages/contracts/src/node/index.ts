/**
 * The real world, for Node.js.
 *
 * @packageDocumentation
 */
export { nodeEnvironment } from './environment.js'
export {
  Certificates,
  certificatesSchema,
  credentialsOf,
  type CertificateMaterial,
  type CertificatesOption,
  type Pem,
  type TlsOptions,
} from './certificates.js'
export type { MayBeMember, PeerCertificate } from './peer-certificate.js'
export { causeInWords, endingOf, endWords, speaksTls, strangerInWords, type DialStage } from './dial-ending.js'
