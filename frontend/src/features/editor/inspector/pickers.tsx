"use client";

/** Choosing something stored: an agent, a crew, a provider or a model. */
import { Combobox } from "@/components/combobox";
import type { ControlAria } from "@/components/field";
import { useAllTools } from "@/features/tools";
import { useAgents, useCrews, useProviders } from "../api";

type PickerProps = ControlAria & {
  value: unknown;
  onChange: (value: string | null) => void;
};

/** Stands for "no choice of one's own" in lists, where an empty value cannot. */
const DEFAULT = "default";

export function AgentPicker(props: PickerProps) {
  const { data, isPending } = useAgents();
  const options = (data ?? []).map(({ id, name, role }) => ({
    value: id,
    label: name,
    hint: role,
  }));
  return (
    <Stored
      {...props}
      options={options}
      loading={isPending}
      word="agent"
      empty="There are no stored agents yet."
    />
  );
}

export function CrewPicker(props: PickerProps) {
  const { data, isPending } = useCrews();
  const options = (data ?? []).map(({ id, name }) => ({ value: id, label: name }));
  return (
    <Stored
      {...props}
      options={options}
      loading={isPending}
      word="crew"
      empty="There are no stored crews yet."
    />
  );
}

export function ToolPicker(props: PickerProps) {
  const { data, isPending } = useAllTools();
  const options = (data ?? []).map(({ id, name, description }) => ({
    value: id,
    label: name,
    hint: description,
  }));
  return (
    <Stored
      {...props}
      options={options}
      loading={isPending}
      word="tool"
      empty="There are no tools yet. You make them on the page Tools."
    />
  );
}

type StoredProps = PickerProps & {
  options: { value: string; label: string; hint?: string }[];
  loading: boolean;
  word: string;
  empty: string;
};

function Stored({ value, onChange, options, loading, word, empty, ...aria }: StoredProps) {
  return (
    <Combobox
      {...aria}
      options={options}
      value={typeof value === "string" ? value : undefined}
      onChange={onChange}
      placeholder={loading ? "Loading" : `Choose ${word === "agent" ? "an" : "a"} ${word}`}
      empty={empty}
    />
  );
}

export function ProviderPicker({ value, onChange, ...aria }: PickerProps) {
  const { data } = useProviders();
  const providers = (data ?? []).map(({ id, name, provider_type }) => ({
    value: id,
    label: name,
    hint: provider_type,
  }));
  return (
    <Combobox
      {...aria}
      options={[{ value: DEFAULT, label: "First active provider" }, ...providers]}
      value={typeof value === "string" ? value : DEFAULT}
      onChange={(next) => onChange(next === DEFAULT ? null : next)}
      empty="There are no providers yet."
    />
  );
}

/** The models of the chosen provider, or of all active ones; any other name may be typed. */
export function ModelPicker({
  value,
  onChange,
  provider,
  ...aria
}: PickerProps & { provider: unknown }) {
  const { data } = useProviders();
  const from = (data ?? []).filter((it) => (provider ? it.id === provider : it.is_active));
  const models = new Map(
    from.flatMap(({ name, models }) => models.map((model): [string, string] => [model, name])),
  );
  return (
    <Combobox
      {...aria}
      allowCustom
      options={[
        { value: DEFAULT, label: "Default model" },
        ...[...models].map(([model, hint]) => ({ value: model, label: model, hint })),
      ]}
      value={typeof value === "string" && value !== "" ? value : DEFAULT}
      onChange={(next) => onChange(next === DEFAULT ? null : next)}
      empty="Type the name of a model."
    />
  );
}
