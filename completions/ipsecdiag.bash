#!/bin/bash

__ipsecdiag_cursor_index_in_current_word() {
    local remaining="${COMP_LINE}"

    local word
    for word in "${COMP_WORDS[@]::COMP_CWORD}"; do
        remaining="${remaining##*([[:space:]])"${word}"*([[:space:]])}"
    done

    local -ir index="$((COMP_POINT - ${#COMP_LINE} + ${#remaining}))"
    if [[ "${index}" -le 0 ]]; then
        printf 0
    else
        printf %s "${index}"
    fi
}

# positional arguments:
#
# - 1: the current (sub)command's count of positional arguments
#
# required variables:
#
# - repeating_flags: the repeating flags that the current (sub)command can accept
# - non_repeating_flags: the non-repeating flags that the current (sub)command can accept
# - repeating_options: the repeating options that the current (sub)command can accept
# - non_repeating_options: the non-repeating options that the current (sub)command can accept
# - positional_number: value ignored
# - unparsed_words: unparsed words from the current command line
#
# modified variables:
#
# - non_repeating_flags: remove flags for this (sub)command that are already on the command line
# - non_repeating_options: remove options for this (sub)command that are already on the command line
# - positional_number: set to the current positional number
# - unparsed_words: remove all flags, options, and option values for this (sub)command
__ipsecdiag_offer_flags_options() {
    local -ir positional_count="${1}"
    positional_number=0

    local was_flag_option_terminator_seen=false
    local is_parsing_option_value=false

    local -ar unparsed_word_indices=("${!unparsed_words[@]}")
    local -i word_index
    for word_index in "${unparsed_word_indices[@]}"; do
        if "${is_parsing_option_value}"; then
            # This word is an option value:
            # Reset marker for next word iff not currently the last word
            [[ "${word_index}" -ne "${unparsed_word_indices[${#unparsed_word_indices[@]} - 1]}" ]] && is_parsing_option_value=false
            unset "unparsed_words[${word_index}]"
            # Do not process this word as a flag or an option
            continue
        fi

        local word="${unparsed_words["${word_index}"]}"
        if ! "${was_flag_option_terminator_seen}"; then
            case "${word}" in
            --)
                unset "unparsed_words[${word_index}]"
                # by itself -- is a flag/option terminator, but if it is the last word, it is the start of a completion
                if [[ "${word_index}" -ne "${unparsed_word_indices[${#unparsed_word_indices[@]} - 1]}" ]]; then
                    was_flag_option_terminator_seen=true
                fi
                continue
                ;;
            -*)
                # ${word} is a flag or an option
                # If ${word} is an option, mark that the next word to be parsed is an option value
                local option
                for option in "${repeating_options[@]}" "${non_repeating_options[@]}"; do
                    [[ "${word}" = "${option}" ]] && is_parsing_option_value=true && break
                done

                # Remove ${word} from ${non_repeating_flags} or ${non_repeating_options} so it isn't offered again
                local not_found=true
                local -i index
                for index in "${!non_repeating_flags[@]}"; do
                    if [[ "${non_repeating_flags[${index}]}" = "${word}" ]]; then
                        unset "non_repeating_flags[${index}]"
                        non_repeating_flags=("${non_repeating_flags[@]}")
                        not_found=false
                        break
                    fi
                done
                if "${not_found}"; then
                    for index in "${!non_repeating_flags[@]}"; do
                        if [[ "${non_repeating_flags[${index}]}" = "${word}" ]]; then
                            unset "non_repeating_flags[${index}]"
                            non_repeating_flags=("${non_repeating_flags[@]}")
                            break
                        fi
                    done
                fi
                unset "unparsed_words[${word_index}]"
                continue
                ;;
            esac
        fi

        # ${word} is neither a flag, nor an option, nor an option value
        if [[ "${positional_number}" -lt "${positional_count}" || "${positional_count}" -lt 0 ]]; then
            # ${word} is a positional
            ((positional_number++))
            unset "unparsed_words[${word_index}]"
        else
            if [[ -z "${word}" ]]; then
                # Could be completing a flag, option, or subcommand
                positional_number=-1
            else
                # ${word} is a subcommand or invalid, so stop processing this (sub)command
                positional_number=-2
            fi
            break
        fi
    done

    unparsed_words=("${unparsed_words[@]}")

    if\
        ! "${was_flag_option_terminator_seen}"\
        && ! "${is_parsing_option_value}"\
        && [[ ("${cur}" = -* && "${positional_number}" -ge 0) || "${positional_number}" -eq -1 ]]
    then
        COMPREPLY+=($(compgen -W "${repeating_flags[*]} ${non_repeating_flags[*]} ${repeating_options[*]} ${non_repeating_options[*]}" -- "${cur}"))
    fi
}

__ipsecdiag_add_completions() {
    local completion
    while IFS='' read -r completion; do
        COMPREPLY+=("${completion}")
    done < <(IFS=$'\n' compgen "${@}" -- "${cur}")
}

__ipsecdiag_custom_complete() {
    if [[ -n "${cur}" || -z ${COMP_WORDS[${COMP_CWORD}]} || "${COMP_LINE:${COMP_POINT}:1}" != ' ' ]]; then
        local -ar words=("${COMP_WORDS[@]}")
    else
        local -ar words=("${COMP_WORDS[@]::${COMP_CWORD}}" '' "${COMP_WORDS[@]:${COMP_CWORD}}")
    fi

    "${COMP_WORDS[0]}" "${@}" "${words[@]}"
}

_ipsecdiag() {
    local state
    state="$(shopt -p;shopt -po)"
    trap "${state//$'\n'/;}" RETURN
    shopt -s extglob
    set +o history +o posix

    local -xr SAP_SHELL=bash
    local -x SAP_SHELL_VERSION
    SAP_SHELL_VERSION="$(IFS='.';printf %s "${BASH_VERSINFO[*]}")"
    local -r SAP_SHELL_VERSION

    local -r cur="${2}"
    local -r prev="${3}"

    local -i positional_number
    local -a unparsed_words=("${COMP_WORDS[@]:1:${COMP_CWORD}}")

    local -a repeating_flags=()
    local -a non_repeating_flags=(--version -h --help)
    local -a repeating_options=()
    local -a non_repeating_options=()
    __ipsecdiag_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    diagnose|probe|ping|mtu|dpd|handshake|respond|daemon|collect|decode|replay|explain|config|help)
        # Offer subcommand argument completions
        "_ipsecdiag_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'diagnose probe ping mtu dpd handshake respond daemon collect decode replay explain config help' -- "${cur}"))
        ;;
    esac
}

_ipsecdiag_diagnose() {
    repeating_flags=()
    non_repeating_flags=(--local --promiscuous --redact --ascii --quiet -q --verbose -v --json --ndjson --nagios --version -h --help)
    repeating_options=(-r --read --peer --spi --exchange --keys)
    non_repeating_options=(--vici --root --sample --interface -i --count -c --time-from --time-to --compare -w --write --ring-size --ring-files --progress -s --snapshot-length --buffer-size --fail-on --color --format)
    __ipsecdiag_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--vici')
        return
        ;;
    '--root')
        return
        ;;
    '--sample')
        return
        ;;
    '-r'|'--read')
        return
        ;;
    '--interface'|'-i')
        return
        ;;
    '--count'|'-c')
        return
        ;;
    '--time-from')
        return
        ;;
    '--time-to')
        return
        ;;
    '--peer')
        return
        ;;
    '--spi')
        return
        ;;
    '--exchange')
        return
        ;;
    '--compare')
        return
        ;;
    '-w'|'--write')
        return
        ;;
    '--ring-size')
        return
        ;;
    '--ring-files')
        return
        ;;
    '--progress')
        __ipsecdiag_add_completions -W 'auto'$'\n''plain'$'\n''none'
        return
        ;;
    '-s'|'--snapshot-length')
        return
        ;;
    '--buffer-size')
        return
        ;;
    '--keys')
        return
        ;;
    '--fail-on')
        __ipsecdiag_add_completions -W 'info'$'\n''warning'$'\n''critical'$'\n''never'
        return
        ;;
    '--color')
        __ipsecdiag_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    '--format')
        __ipsecdiag_add_completions -W 'text'$'\n''json'$'\n''ndjson'$'\n''html'$'\n''nagios'$'\n''prometheus'
        return
        ;;
    esac
}

_ipsecdiag_probe() {
    repeating_flags=()
    non_repeating_flags=(--sweep --enumerate --pq -4 --ipv4 -6 --ipv6 --tcp --ikev1 --no-ikev1 --redact --ascii --quiet -q --verbose -v --json --ndjson --nagios --version -h --help)
    repeating_options=(--proposal)
    non_repeating_options=(--targets --policy --port --sport --source --interface -i --timeout --retries --count -c --rate --concurrency -w --write --fail-on --color --format)
    __ipsecdiag_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--targets')
        return
        ;;
    '--proposal')
        return
        ;;
    '--policy')
        return
        ;;
    '--port')
        return
        ;;
    '--sport')
        return
        ;;
    '--source')
        return
        ;;
    '--interface'|'-i')
        return
        ;;
    '--timeout')
        return
        ;;
    '--retries')
        return
        ;;
    '--count'|'-c')
        return
        ;;
    '--rate')
        return
        ;;
    '--concurrency')
        return
        ;;
    '-w'|'--write')
        return
        ;;
    '--fail-on')
        __ipsecdiag_add_completions -W 'info'$'\n''warning'$'\n''critical'$'\n''never'
        return
        ;;
    '--color')
        __ipsecdiag_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    '--format')
        __ipsecdiag_add_completions -W 'text'$'\n''json'$'\n''ndjson'$'\n''nagios'$'\n''prometheus'
        return
        ;;
    esac
}

_ipsecdiag_ping() {
    repeating_flags=()
    non_repeating_flags=(--unencrypted --udp --one-way --df --redact --ascii --quiet -q --verbose -v --json --ndjson --nagios --version -h --help)
    repeating_options=(--size)
    non_repeating_options=(--format --inner --reply-spi --sweep-sizes --count -c --interval --timeout --notify --profile --config --connection --connection-file --psk-file --cert --key --key-passphrase-file --ca --eap-user --eap-password-file --local-id --id --remote-id --ike --esp --local-ts --remote-ts --mode --virtual-ip --fail-on --color)
    __ipsecdiag_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--format')
        __ipsecdiag_add_completions -W 'merged'$'\n''draft03'$'\n''kernel'$'\n''colitti2023'
        return
        ;;
    '--inner')
        return
        ;;
    '--reply-spi')
        return
        ;;
    '--size')
        return
        ;;
    '--sweep-sizes')
        return
        ;;
    '--count'|'-c')
        return
        ;;
    '--interval')
        return
        ;;
    '--timeout')
        return
        ;;
    '--notify')
        return
        ;;
    '--profile')
        return
        ;;
    '--config')
        return
        ;;
    '--connection')
        return
        ;;
    '--connection-file')
        return
        ;;
    '--psk-file')
        return
        ;;
    '--cert')
        return
        ;;
    '--key')
        return
        ;;
    '--key-passphrase-file')
        return
        ;;
    '--ca')
        return
        ;;
    '--eap-user')
        return
        ;;
    '--eap-password-file')
        return
        ;;
    '--local-id'|'--id')
        return
        ;;
    '--remote-id')
        return
        ;;
    '--ike')
        return
        ;;
    '--esp')
        return
        ;;
    '--local-ts')
        return
        ;;
    '--remote-ts')
        return
        ;;
    '--mode')
        return
        ;;
    '--virtual-ip')
        return
        ;;
    '--fail-on')
        __ipsecdiag_add_completions -W 'info'$'\n''warning'$'\n''critical'$'\n''never'
        return
        ;;
    '--color')
        __ipsecdiag_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac
}

_ipsecdiag_mtu() {
    repeating_flags=()
    non_repeating_flags=(--calculate --local --ipv6 --nat-t --tcp --transport --gre --eesp -4 --ipv4 -6 --quick --redact --ascii --quiet -q --verbose -v --json --nagios --version -h --help)
    repeating_options=(--path-mtu -r --read --peer --spi --exchange --keys)
    non_repeating_options=(--suite --source --via --port --timeout --inner --profile --config --connection --connection-file --psk-file --cert --key --key-passphrase-file --ca --eap-user --eap-password-file --local-id --id --remote-id --ike --esp --local-ts --remote-ts --mode --virtual-ip --interface -i --count -c --time-from --time-to --fail-on --color)
    __ipsecdiag_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--suite')
        return
        ;;
    '--path-mtu')
        return
        ;;
    '--source')
        return
        ;;
    '--via')
        return
        ;;
    '--port')
        return
        ;;
    '--timeout')
        return
        ;;
    '--inner')
        return
        ;;
    '--profile')
        return
        ;;
    '--config')
        return
        ;;
    '--connection')
        return
        ;;
    '--connection-file')
        return
        ;;
    '--psk-file')
        return
        ;;
    '--cert')
        return
        ;;
    '--key')
        return
        ;;
    '--key-passphrase-file')
        return
        ;;
    '--ca')
        return
        ;;
    '--eap-user')
        return
        ;;
    '--eap-password-file')
        return
        ;;
    '--local-id'|'--id')
        return
        ;;
    '--remote-id')
        return
        ;;
    '--ike')
        return
        ;;
    '--esp')
        return
        ;;
    '--local-ts')
        return
        ;;
    '--remote-ts')
        return
        ;;
    '--mode')
        return
        ;;
    '--virtual-ip')
        return
        ;;
    '-r'|'--read')
        return
        ;;
    '--interface'|'-i')
        return
        ;;
    '--count'|'-c')
        return
        ;;
    '--time-from')
        return
        ;;
    '--time-to')
        return
        ;;
    '--peer')
        return
        ;;
    '--spi')
        return
        ;;
    '--exchange')
        return
        ;;
    '--keys')
        return
        ;;
    '--fail-on')
        __ipsecdiag_add_completions -W 'info'$'\n''warning'$'\n''critical'$'\n''never'
        return
        ;;
    '--color')
        __ipsecdiag_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac
}

_ipsecdiag_dpd() {
    repeating_flags=()
    non_repeating_flags=(--calculate --local --ikev1 --watch -4 --ipv4 -6 --ipv6 --promiscuous --redact --ascii --quiet -q --verbose -v --json --ndjson --nagios --prometheus --version -h --help)
    repeating_options=(--daemon-config -r --read --peer --spi --exchange --keys)
    non_repeating_options=(--vici --interval --timeout --retries --port --source --sport --idle --outside --warning --critical --profile --config --connection --connection-file --psk-file --cert --key --key-passphrase-file --ca --eap-user --eap-password-file --local-id --id --remote-id --ike --esp --local-ts --remote-ts --mode --virtual-ip --daemon --ike-version --dpd-delay --dpd-timeout --retransmit-timeout --retransmit-base --retransmit-tries --retransmit-limit --retransmit-jitter --retransmit-interval --target --interface -i --count -c --time-from --time-to -w --write --ring-size --ring-files --progress -s --snapshot-length --buffer-size --fail-on --color)
    __ipsecdiag_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--vici')
        return
        ;;
    '--interval')
        return
        ;;
    '--timeout')
        return
        ;;
    '--retries')
        return
        ;;
    '--port')
        return
        ;;
    '--source')
        return
        ;;
    '--sport')
        return
        ;;
    '--idle')
        return
        ;;
    '--outside')
        return
        ;;
    '--warning')
        return
        ;;
    '--critical')
        return
        ;;
    '--profile')
        return
        ;;
    '--config')
        return
        ;;
    '--connection')
        return
        ;;
    '--connection-file')
        return
        ;;
    '--psk-file')
        return
        ;;
    '--cert')
        return
        ;;
    '--key')
        return
        ;;
    '--key-passphrase-file')
        return
        ;;
    '--ca')
        return
        ;;
    '--eap-user')
        return
        ;;
    '--eap-password-file')
        return
        ;;
    '--local-id'|'--id')
        return
        ;;
    '--remote-id')
        return
        ;;
    '--ike')
        return
        ;;
    '--esp')
        return
        ;;
    '--local-ts')
        return
        ;;
    '--remote-ts')
        return
        ;;
    '--mode')
        return
        ;;
    '--virtual-ip')
        return
        ;;
    '--daemon')
        __ipsecdiag_add_completions -W 'strongswan'$'\n''libreswan'$'\n''iked'
        return
        ;;
    '--ike-version')
        return
        ;;
    '--daemon-config')
        return
        ;;
    '--dpd-delay')
        return
        ;;
    '--dpd-timeout')
        return
        ;;
    '--retransmit-timeout')
        return
        ;;
    '--retransmit-base')
        return
        ;;
    '--retransmit-tries')
        return
        ;;
    '--retransmit-limit')
        return
        ;;
    '--retransmit-jitter')
        return
        ;;
    '--retransmit-interval')
        return
        ;;
    '--target')
        return
        ;;
    '-r'|'--read')
        return
        ;;
    '--interface'|'-i')
        return
        ;;
    '--count'|'-c')
        return
        ;;
    '--time-from')
        return
        ;;
    '--time-to')
        return
        ;;
    '--peer')
        return
        ;;
    '--spi')
        return
        ;;
    '--exchange')
        return
        ;;
    '-w'|'--write')
        return
        ;;
    '--ring-size')
        return
        ;;
    '--ring-files')
        return
        ;;
    '--progress')
        __ipsecdiag_add_completions -W 'auto'$'\n''plain'$'\n''none'
        return
        ;;
    '-s'|'--snapshot-length')
        return
        ;;
    '--buffer-size')
        return
        ;;
    '--keys')
        return
        ;;
    '--fail-on')
        __ipsecdiag_add_completions -W 'info'$'\n''warning'$'\n''critical'$'\n''never'
        return
        ;;
    '--color')
        __ipsecdiag_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac
}

_ipsecdiag_handshake() {
    repeating_flags=()
    non_repeating_flags=(--loss-model --redact --ascii --quiet -q --verbose -v --json --nagios --version -h --help)
    repeating_options=()
    non_repeating_options=(--profile --config --connection --connection-file --psk-file --cert --key --key-passphrase-file --ca --eap-user --eap-password-file --local-id --id --remote-id --ike --esp --local-ts --remote-ts --mode --virtual-ip --count --interval --retransmit --fragment-size --rtt --loss --mtu --runs --seed --cpu --fail-on --color)
    __ipsecdiag_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--profile')
        return
        ;;
    '--config')
        return
        ;;
    '--connection')
        return
        ;;
    '--connection-file')
        return
        ;;
    '--psk-file')
        return
        ;;
    '--cert')
        return
        ;;
    '--key')
        return
        ;;
    '--key-passphrase-file')
        return
        ;;
    '--ca')
        return
        ;;
    '--eap-user')
        return
        ;;
    '--eap-password-file')
        return
        ;;
    '--local-id'|'--id')
        return
        ;;
    '--remote-id')
        return
        ;;
    '--ike')
        return
        ;;
    '--esp')
        return
        ;;
    '--local-ts')
        return
        ;;
    '--remote-ts')
        return
        ;;
    '--mode')
        return
        ;;
    '--virtual-ip')
        return
        ;;
    '--count')
        return
        ;;
    '--interval')
        return
        ;;
    '--retransmit')
        return
        ;;
    '--fragment-size')
        return
        ;;
    '--rtt')
        return
        ;;
    '--loss')
        return
        ;;
    '--mtu')
        return
        ;;
    '--runs')
        return
        ;;
    '--seed')
        return
        ;;
    '--cpu')
        return
        ;;
    '--fail-on')
        __ipsecdiag_add_completions -W 'info'$'\n''warning'$'\n''critical'$'\n''never'
        return
        ;;
    '--color')
        __ipsecdiag_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac
}

_ipsecdiag_respond() {
    repeating_flags=()
    non_repeating_flags=(--no-anti-replay --esn --no-esn --announce-anti-replay --drop-fragments --cookie --once --ndjson --version -h --help)
    repeating_options=()
    non_repeating_options=(--profile --config --connection --connection-file --psk-file --cert --key --key-passphrase-file --ca --eap-user --eap-password-file --local-id --id --remote-id --ike --esp --local-ts --remote-ts --mode --virtual-ip --listen --port --nat-port --assign --replay-window --announce-as --go-silent --delay --loss --refuse --for)
    __ipsecdiag_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--profile')
        return
        ;;
    '--config')
        return
        ;;
    '--connection')
        return
        ;;
    '--connection-file')
        return
        ;;
    '--psk-file')
        return
        ;;
    '--cert')
        return
        ;;
    '--key')
        return
        ;;
    '--key-passphrase-file')
        return
        ;;
    '--ca')
        return
        ;;
    '--eap-user')
        return
        ;;
    '--eap-password-file')
        return
        ;;
    '--local-id'|'--id')
        return
        ;;
    '--remote-id')
        return
        ;;
    '--ike')
        return
        ;;
    '--esp')
        return
        ;;
    '--local-ts')
        return
        ;;
    '--remote-ts')
        return
        ;;
    '--mode')
        return
        ;;
    '--virtual-ip')
        return
        ;;
    '--listen')
        return
        ;;
    '--port')
        return
        ;;
    '--nat-port')
        return
        ;;
    '--assign')
        return
        ;;
    '--replay-window')
        return
        ;;
    '--announce-as')
        __ipsecdiag_add_completions -W 'on'$'\n''off'$'\n''off-no-esn'
        return
        ;;
    '--go-silent')
        return
        ;;
    '--delay')
        return
        ;;
    '--loss')
        return
        ;;
    '--refuse')
        return
        ;;
    '--for')
        return
        ;;
    esac
}

_ipsecdiag_daemon() {
    repeating_flags=()
    non_repeating_flags=(--events --log --json --ndjson --redact --ascii --quiet -q --verbose -v --version -h --help)
    repeating_options=()
    non_repeating_options=(--vici --config --count -c --fail-on --color)
    __ipsecdiag_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--vici')
        return
        ;;
    '--config')
        return
        ;;
    '--count'|'-c')
        return
        ;;
    '--fail-on')
        __ipsecdiag_add_completions -W 'info'$'\n''warning'$'\n''critical'$'\n''never'
        return
        ;;
    '--color')
        __ipsecdiag_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac
}

_ipsecdiag_collect() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=(--output -o)
    __ipsecdiag_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--output'|'-o')
        return
        ;;
    esac
}

_ipsecdiag_decode() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--key-report --show-keys --quiet -q --summary --json --ndjson --ascii --promiscuous --version -h --help)
    repeating_options=(-r --read --peer --spi --exchange --keys)
    non_repeating_options=(--interface -i --count -c --time-from --time-to --format --time -w --write --ring-size --ring-files --progress -s --snapshot-length --buffer-size)
    __ipsecdiag_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '-r'|'--read')
        return
        ;;
    '--interface'|'-i')
        return
        ;;
    '--count'|'-c')
        return
        ;;
    '--time-from')
        return
        ;;
    '--time-to')
        return
        ;;
    '--peer')
        return
        ;;
    '--spi')
        return
        ;;
    '--exchange')
        return
        ;;
    '--keys')
        return
        ;;
    '--format')
        __ipsecdiag_add_completions -W 'text'$'\n''json'$'\n''ndjson'
        return
        ;;
    '--time')
        __ipsecdiag_add_completions -W 'relative'$'\n''delta'$'\n''epoch'$'\n''utc'$'\n''local'
        return
        ;;
    '-w'|'--write')
        return
        ;;
    '--ring-size')
        return
        ;;
    '--ring-files')
        return
        ;;
    '--progress')
        __ipsecdiag_add_completions -W 'auto'$'\n''plain'$'\n''none'
        return
        ;;
    '-s'|'--snapshot-length')
        return
        ;;
    '--buffer-size')
        return
        ;;
    esac
}

_ipsecdiag_replay() {
    repeating_flags=()
    non_repeating_flags=(--local --watch --esn --no-esn --nagios --promiscuous --redact --ascii --quiet -q --verbose -v --json --ndjson --version -h --help)
    repeating_options=(-r --read --peer --spi --exchange --keys)
    non_repeating_options=(--vici --root --sample --interval --inner --profile --config --connection --connection-file --psk-file --cert --key --key-passphrase-file --ca --eap-user --eap-password-file --local-id --id --remote-id --ike --esp --local-ts --remote-ts --mode --virtual-ip --interface -i --count -c --time-from --time-to -w --write --ring-size --ring-files --progress -s --snapshot-length --buffer-size --fail-on --color --window)
    __ipsecdiag_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--vici')
        return
        ;;
    '--root')
        return
        ;;
    '--sample')
        return
        ;;
    '--interval')
        return
        ;;
    '--inner')
        return
        ;;
    '--profile')
        return
        ;;
    '--config')
        return
        ;;
    '--connection')
        return
        ;;
    '--connection-file')
        return
        ;;
    '--psk-file')
        return
        ;;
    '--cert')
        return
        ;;
    '--key')
        return
        ;;
    '--key-passphrase-file')
        return
        ;;
    '--ca')
        return
        ;;
    '--eap-user')
        return
        ;;
    '--eap-password-file')
        return
        ;;
    '--local-id'|'--id')
        return
        ;;
    '--remote-id')
        return
        ;;
    '--ike')
        return
        ;;
    '--esp')
        return
        ;;
    '--local-ts')
        return
        ;;
    '--remote-ts')
        return
        ;;
    '--mode')
        return
        ;;
    '--virtual-ip')
        return
        ;;
    '-r'|'--read')
        return
        ;;
    '--interface'|'-i')
        return
        ;;
    '--count'|'-c')
        return
        ;;
    '--time-from')
        return
        ;;
    '--time-to')
        return
        ;;
    '--peer')
        return
        ;;
    '--spi')
        return
        ;;
    '--exchange')
        return
        ;;
    '-w'|'--write')
        return
        ;;
    '--ring-size')
        return
        ;;
    '--ring-files')
        return
        ;;
    '--progress')
        __ipsecdiag_add_completions -W 'auto'$'\n''plain'$'\n''none'
        return
        ;;
    '-s'|'--snapshot-length')
        return
        ;;
    '--buffer-size')
        return
        ;;
    '--keys')
        return
        ;;
    '--fail-on')
        __ipsecdiag_add_completions -W 'info'$'\n''warning'$'\n''critical'$'\n''never'
        return
        ;;
    '--color')
        __ipsecdiag_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    '--window')
        return
        ;;
    esac
}

_ipsecdiag_explain() {
    repeating_flags=()
    non_repeating_flags=(--list --json --version -h --help)
    repeating_options=()
    non_repeating_options=()
    __ipsecdiag_offer_flags_options -1
}

_ipsecdiag_config() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __ipsecdiag_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    check|show)
        # Offer subcommand argument completions
        "_ipsecdiag_config_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'check show' -- "${cur}"))
        ;;
    esac
}

_ipsecdiag_config_check() {
    repeating_flags=()
    non_repeating_flags=(--json --version -h --help)
    repeating_options=()
    non_repeating_options=(--config --connection --connection-file)
    __ipsecdiag_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--config')
        return
        ;;
    '--connection')
        return
        ;;
    '--connection-file')
        return
        ;;
    esac
}

_ipsecdiag_config_show() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=(--profile --config --connection --connection-file --psk-file --cert --key --key-passphrase-file --ca --eap-user --eap-password-file --local-id --id --remote-id --ike --esp --local-ts --remote-ts --mode --virtual-ip)
    __ipsecdiag_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--profile')
        return
        ;;
    '--config')
        return
        ;;
    '--connection')
        return
        ;;
    '--connection-file')
        return
        ;;
    '--psk-file')
        return
        ;;
    '--cert')
        return
        ;;
    '--key')
        return
        ;;
    '--key-passphrase-file')
        return
        ;;
    '--ca')
        return
        ;;
    '--eap-user')
        return
        ;;
    '--eap-password-file')
        return
        ;;
    '--local-id'|'--id')
        return
        ;;
    '--remote-id')
        return
        ;;
    '--ike')
        return
        ;;
    '--esp')
        return
        ;;
    '--local-ts')
        return
        ;;
    '--remote-ts')
        return
        ;;
    '--mode')
        return
        ;;
    '--virtual-ip')
        return
        ;;
    esac
}

_ipsecdiag_help() {
    repeating_flags=()
    non_repeating_flags=(--version)
    repeating_options=()
    non_repeating_options=()
    __ipsecdiag_offer_flags_options -1
}

complete -o filenames -F _ipsecdiag ipsecdiag
