// Secrets out of what people and logs get to see.

/** What stands where a secret stood. */
const mask = '<redacted>';

/**
 * An address without its password and the values of its query, where SAS tokens and signatures stand.
 */
export function redactAddress(address: string): string {
  return (
    address
      // In a database's password that nobody encoded may stand what ends one elsewhere.
      .replace(/^((?:postgres(?:ql)?|rediss?):\/\/).*@/is, `$1${mask}@`)
      .replace(/\?.*/s, `?${mask}`)
      .replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@\s]*@/i, `$1${mask}@`)
  );
}

/**
 * Any text, such as another library's error, without the addresses' secrets, account keys and signatures in it.
 *
 * @param secrets further texts that must not appear, wherever they stand.
 */
export function redact(text: string, secrets: readonly string[] = []): string {
  const known = secrets
    .filter((secret) => secret.length > 3)
    // A key also appears as it is written in an address.
    .flatMap((secret) => [secret, encodeURIComponent(secret)])
    .reduce((rest, secret) => rest.replaceAll(secret, mask), text);
  return known
    .replaceAll(/\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>)]+(?:<redacted>[^\s"')]*)?/gi, redactAddress)
    .replaceAll(/\b(sig|signature|token|password)=[^&;\s"']+/gi, `$1=${mask}`)
    .replaceAll(/\b(AccountKey|SharedAccessSignature)=[^;\s"']+/gi, `$1=${mask}`)
    .replaceAll(/\b(SharedKey|Bearer|Basic) [\w:+/=.-]+/g, `$1 ${mask}`);
}
