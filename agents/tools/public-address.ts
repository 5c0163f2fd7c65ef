/**
 * Which IP addresses a URL from a model or a page may lead to: the public internet only. Called by
 * `safe-fetch.ts` for every address a host resolves to. Ranges are those of the IANA special-purpose
 * registries (RFC 6890 and successors), as ipaddr.js knows them.
 */
import ipaddr from 'ipaddr.js'

/** Public by range, but it answers with a cloud machine's own credentials (Azure WireServer). */
const METADATA = new Set(['168.63.129.16'])
/** The only IPv6 space that is assigned to the public internet (RFC 4291, IANA). */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3')

/** True when `address` (a plain IPv4 or IPv6 literal) belongs to the public internet. Anything odd is false. */
export function isPublicAddress(address: string): boolean {
  if (address.includes('%') || addressFamily(address) === 0) return false
  const parsed = ipaddr.parse(address)
  if (parsed.range() !== 'unicast' || METADATA.has(parsed.toString())) return false
  return parsed.kind() === 'ipv4' || parsed.match(GLOBAL_UNICAST)
}

/** 4 or 6 for an address literal as it stands in a URL's host, brackets removed; 0 for a name. */
export const addressFamily = (host: string): 0 | 4 | 6 =>
  ipaddr.IPv4.isValidFourPartDecimal(host) ? 4 : ipaddr.IPv6.isValid(host) ? 6 : 0
