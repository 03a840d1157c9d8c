"use client";

/** What one can do with a row, behind three dots at its end. */
import { Ellipsis, Trash2 } from "lucide-react";
import { DropdownMenu, type MenuItem } from "./menu";
import { IconButton } from "./icon-button";

export function RowMenu({ name, items }: { name: string; items: MenuItem[] }) {
  return (
    <DropdownMenu
      items={items}
      trigger={<IconButton label={`Actions for ${name}`} icon={<Ellipsis aria-hidden />} />}
    />
  );
}

/** The item that takes the row's thing away. */
export function deleteItem(onSelect: () => void, label = "Delete"): MenuItem {
  return { label, icon: <Trash2 aria-hidden />, danger: true, onSelect };
}
