/** What a request says that claims to be an emergency (contract 8); each part is there, or is missing. */
export interface EmergencyClaim {
  /** `priority` is `stat`. */
  readonly isStat: boolean;
  /** `reasonCode` has `ETREAT`. */
  readonly hasPurpose: boolean;
  /** A `note` says why. */
  readonly hasReason: boolean;
  /** `extension[emergency]` is there. */
  readonly hasExtension: boolean;
  /** It names one member of staff who decided. */
  readonly hasDecider: boolean;
  readonly seniorConsulted: boolean;
  readonly noSeniorBecause: boolean;
  /** It says why the person could not be asked about something sensitive that goes to a proxy. */
  readonly personNotAsked: boolean;
}
