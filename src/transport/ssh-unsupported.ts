// Which options of ssh_config the provider ssh2 does not honour, though somebody has set them. Pure.

/** Options that decide which connection is made, or how safe it is; ssh2 has its own way for each of them. */
const UNSUPPORTED = [
  ...['Ciphers', 'MACs', 'KexAlgorithms', 'HostKeyAlgorithms', 'PubkeyAcceptedAlgorithms', 'PubkeyAcceptedKeyTypes'],
  ...['RekeyLimit', 'RequiredRSASize', 'VerifyHostKeyDNS', 'BindAddress', 'BindInterface', 'AddressFamily'],
  ...['IdentitiesOnly', 'PreferredAuthentications', 'PubkeyAuthentication', 'HostbasedAuthentication'],
] as const;

/**
 * The names of those that are set to something else than ssh's own default.
 * @param given what `ssh -G HOST` prints
 * @param defaults the same without any configuration (`-F none`)
 */
export function unsupportedOptions(given: string, defaults: string): string[] {
  const [values, usual] = [readValues(given), readValues(defaults)];
  return UNSUPPORTED.filter((name) => {
    const key = name.toLowerCase();
    return values.has(key) && values.get(key) !== usual.get(key);
  });
}

function readValues(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split('\n').map((line): [string, string] => {
      const [key = '', ...rest] = line.trim().split(' ');
      return [key.toLowerCase(), rest.join(' ')];
    }),
  );
}

/** A sentence for the log and for doctor. */
export function unsupportedSentence(host: string, options: readonly string[]): string {
  return `The provider ssh2 has its own ${options.join(', ')}: what ~/.ssh/config sets for ${host} is not applied. Set provider: openssh to have it applied.`;
}
