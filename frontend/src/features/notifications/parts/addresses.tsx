"use client";

/** Mail addresses outside the tenant: who has agreed to be told, and who was only asked. */
import { Button } from "@/components/button";
import { useCan } from "@/features/auth";
import { formatExact } from "@/lib/format";
import { useAskAgain, useMailAddresses, useRemoveAddress, type MailAddress } from "../api";

export function Addresses() {
  const list = useMailAddresses();
  const addresses = list.data?.pages.flatMap((page) => page.items) ?? [];
  if (addresses.length === 0) return null;
  return (
    <section aria-labelledby="outside" className="mt-8">
      <h2 id="outside" className="text-base font-medium">
        Addresses outside the tenant
      </h2>
      <p className="mt-1 text-muted">
        These addresses get notifications only after they confirm, by a link in a mail.
      </p>
      <ul className="mt-3 flex flex-col divide-y">
        {addresses.map((address) => (
          <Address key={address.id} address={address} />
        ))}
      </ul>
      {list.hasNextPage && (
        <Button loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          Show more
        </Button>
      )}
    </section>
  );
}

function Address({ address }: { address: MailAddress }) {
  const writes = useCan("notifications:write");
  const removes = useCan("tenant:write");
  const again = useAskAgain();
  const remove = useRemoveAddress();
  return (
    <li className="flex min-h-11 flex-wrap items-center gap-3 py-1.5">
      <span className="min-w-0 flex-1 truncate">{address.address}</span>
      <span className="text-muted">{state(address)}</span>
      {writes && !address.confirmed_at && (
        <Button
          size="sm"
          loading={again.isPending}
          onClick={() => again.mutate(address.id)}
          aria-label={`Send the confirmation mail to ${address.address} again`}
        >
          {" "}
          Send again{" "}
        </Button>
      )}
      {removes && (
        <Button
          size="sm"
          loading={remove.isPending}
          onClick={() => remove.mutate(address.id)}
          aria-label={`Remove ${address.address}`}
        >
          Remove
        </Button>
      )}
    </li>
  );
}

function state({ mailed_at, confirmed_at }: MailAddress): string {
  if (confirmed_at) return `Confirmed ${formatExact(Date.parse(confirmed_at))}`;
  return mailed_at
    ? `Confirmation mail sent ${formatExact(Date.parse(mailed_at))}`
    : "Confirmation mail not sent yet";
}
