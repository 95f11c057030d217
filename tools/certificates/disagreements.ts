import { certificate, type Certificate } from './certificate.js'

/** Two members, a dialling b, that can form no link; and what each says why. */
export interface Disagreement {
  readonly what: string
  /** The option `tls` of the one that dials, and of the one that listens. */
  readonly dials: Certificate | undefined
  readonly listens: Certificate | undefined
  /** What the link of the dialler is told to be, behind the address. */
  readonly says: string
  /** What the log of the listener says. */
  readonly isTold: string
}

const closed = 'ended the connection before it said who it is, as one does that'
const noTls = 'the other side does not speak TLS, and it is asked for here: give all members the option tls, or none ('
const otherAuthority = 'the certificate of the other side is not of an authority that is trusted here ('
const expired = 'the certificate of the other side has expired ('
const notAccepted = 'as one does that does not accept the certificate of this member'

/** Everything about which the settings of TLS on two members can disagree. */
export const disagreements: readonly Disagreement[] = [
  {
    what: 'only the dialler uses TLS',
    dials: certificate('a'),
    listens: undefined,
    says: `: ${noTls}`,
    isTold: 'the other side speaks TLS, and this member does not: give all members the option tls, or none',
  },
  {
    what: 'only the listener uses TLS',
    dials: undefined,
    listens: certificate('b'),
    says: ` ${closed} asks for TLS`,
    isTold: noTls,
  },
  {
    what: 'the dialler trusts another authority',
    dials: certificate('forged-a', 'stranger'),
    listens: certificate('b'),
    says: `: ${otherAuthority}`,
    isTold: notAccepted,
  },
  {
    what: 'the listener trusts another authority',
    dials: certificate('forged-a'),
    listens: certificate('b'),
    says: ` ${closed} does not accept the certificate of this member`,
    isTold: otherAuthority,
  },
  {
    what: 'the certificate of the dialler has expired',
    dials: certificate('expired-a'),
    listens: certificate('b'),
    says: ` ${closed} does not accept the certificate of this member`,
    isTold: expired,
  },
  {
    what: 'the certificate of the listener has expired',
    dials: certificate('a'),
    listens: certificate('expired-a'),
    says: `: ${expired}`,
    isTold: notAccepted,
  },
  {
    what: 'the certificate of the listener names another member',
    dials: certificate('a'),
    listens: certificate('c'),
    says: ' shows a certificate for "c", and b is wanted',
    isTold: notAccepted,
  },
]
