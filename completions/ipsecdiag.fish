function __ipsecdiag_should_offer_completions_for_flags_or_options -a expected_commands
    set -l non_repeating_flags_or_options $argv[2..]
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __ipsecdiag_parse_tokens
    test "$commands" = "$expected_commands"; and return $non_repeating_flags_or_options_absent
end

function __ipsecdiag_should_offer_completions_for_positional -a expected_commands positional_index_comparison expected_positional_index
    set -l non_repeating_flags_or_options
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __ipsecdiag_parse_tokens
    test "$commands" = "$expected_commands" -a \( "$positional_index" "$positional_index_comparison" "$expected_positional_index" \)
end

function __ipsecdiag_parse_tokens -S
    set -l unparsed_tokens (__ipsecdiag_tokens -pc)
    switch $unparsed_tokens[1]
    case 'ipsecdiag'
        __ipsecdiag_parse_subcommand 0 'version' 'h/help'
        switch $unparsed_tokens[1]
        case 'diagnose'
            __ipsecdiag_parse_subcommand -r 1 'r/read=+' 'i/interface=' 'c/count=' 'time-from=' 'time-to=' 'peer=+' 'spi=+' 'exchange=+' 'compare=' 'keys=+' 'fail-on=' 'redact' 'ascii' 'q/quiet' 'v/verbose' 'color=' 'format=' 'json' 'ndjson' 'nagios' 'version' 'h/help'
        case 'probe'
            __ipsecdiag_parse_subcommand -r 1 'targets=' 'enumerate' 'proposal=+' 'policy=' 'pq' '4/ipv4' '6/ipv6' 'port=' 'sport=' 'source=' 'i/interface=' 'timeout=' 'retries=' 'c/count=' 'rate=' 'concurrency=' 'tcp' 'ikev1' 'no-ikev1' 'w/write=' 'fail-on=' 'redact' 'ascii' 'q/quiet' 'v/verbose' 'color=' 'format=' 'json' 'ndjson' 'nagios' 'version' 'h/help'
        case 'decode'
            __ipsecdiag_parse_subcommand -r 1 'r/read=+' 'i/interface=' 'c/count=' 'time-from=' 'time-to=' 'peer=+' 'spi=+' 'exchange=+' 'keys=+' 'key-report' 'show-keys' 'v/verbose' 'q/quiet' 'summary' 'format=' 'json' 'ndjson' 'time=' 'ascii' 'w/write=' 'version' 'h/help'
        case 'replay'
            __ipsecdiag_parse_subcommand -r 1 'r/read=+' 'i/interface=' 'c/count=' 'time-from=' 'time-to=' 'peer=+' 'spi=+' 'exchange=+' 'keys=+' 'fail-on=' 'redact' 'ascii' 'q/quiet' 'v/verbose' 'color=' 'window=' 'json' 'version' 'h/help'
        case 'dpd'
            __ipsecdiag_parse_subcommand -r 1 'calculate' 'daemon=' 'ike-version=' 'config=+' 'dpd-delay=' 'dpd-timeout=' 'retransmit-timeout=' 'retransmit-base=' 'retransmit-tries=' 'retransmit-limit=' 'retransmit-jitter=' 'retransmit-interval=' 'target=' 'r/read=+' 'i/interface=' 'c/count=' 'time-from=' 'time-to=' 'peer=+' 'spi=+' 'exchange=+' 'keys=+' 'fail-on=' 'redact' 'ascii' 'q/quiet' 'v/verbose' 'color=' 'json' 'version' 'h/help'
        case 'mtu'
            __ipsecdiag_parse_subcommand -r 1 'calculate' 'suite=' 'path-mtu=+' 'ipv6' 'nat-t' 'tcp' 'transport' 'gre' 'eesp' 'r/read=+' 'i/interface=' 'c/count=' 'time-from=' 'time-to=' 'peer=+' 'spi=+' 'exchange=+' 'keys=+' 'fail-on=' 'redact' 'ascii' 'q/quiet' 'v/verbose' 'color=' 'json' 'version' 'h/help'
        case 'explain'
            __ipsecdiag_parse_subcommand -r 1 'list' 'json' 'version' 'h/help'
        case 'help'
            __ipsecdiag_parse_subcommand -r 1 'version'
        end
    end
end

function __ipsecdiag_tokens
    if test (string split -m 1 -f 1 -- . "$FISH_VERSION") -gt 3
        commandline --tokens-raw $argv
    else
        commandline -o $argv
    end
end

function __ipsecdiag_parse_subcommand -S -a positional_count
    argparse -s r -- $argv
    set -l option_specs $argv[2..]
    set -l is_repeating_positional $_flag_r
    set -el _flag_r
    set -a commands $unparsed_tokens[1]
    set positional_index 0
    while true
        set -e unparsed_tokens[1]
        argparse -sn "$commands" $option_specs -- $unparsed_tokens 2> /dev/null
        set unparsed_tokens $argv
        set positional_index (math $positional_index + 1)
        for non_repeating_flag_or_option in $non_repeating_flags_or_options
            if set -ql "_flag_$(string replace -a - _ -- $non_repeating_flag_or_option)"
                set non_repeating_flags_or_options_absent 1
                break
            end
        end
        test (count $unparsed_tokens) -eq 0 -o \( -z "$is_repeating_positional" -a "$positional_index" -gt "$positional_count" \) && break
    end
end

function __ipsecdiag_complete_directories
    set -l token (commandline -t)
    string match -- '*/' $token
    set -l subdirs $token*/
    printf %s\n $subdirs
end

function __ipsecdiag_custom_completion
    set -x SAP_SHELL fish
    set -x SAP_SHELL_VERSION $FISH_VERSION
    set -l tokens (__ipsecdiag_tokens -p)
    if test -z "$(__ipsecdiag_tokens -t)"
        set -l index (count (__ipsecdiag_tokens -pc))
        set tokens $tokens[..$index] \'\' $tokens[(math $index + 1)..]
    end
    command $tokens[1] $argv $tokens
end

complete -c 'ipsecdiag' -f
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag" version' -l 'version' -d 'Show the version.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_positional "ipsecdiag" -eq 1' -fa 'diagnose' -d 'Says what is wrong by all that a capture shows: verdict, evidence, remedy.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_positional "ipsecdiag" -eq 1' -fa 'probe' -d 'Asks gateways from outside: are they there, who are they, what do they accept.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_positional "ipsecdiag" -eq 1' -fa 'decode' -d 'Shows what is in a capture: IKE, ESP and AH, a line a frame.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_positional "ipsecdiag" -eq 1' -fa 'replay' -d 'Says what replay windows would drop: late, lost and repeated packets of each SA.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_positional "ipsecdiag" -eq 1' -fa 'dpd' -d 'Shows who checks whether its peer lives, or computes how long a dead one goes unnoticed.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_positional "ipsecdiag" -eq 1' -fa 'mtu' -d 'Shows which packet sizes get through, or computes what MTU a tunnel leaves.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_positional "ipsecdiag" -eq 1' -fa 'explain' -d 'Tells what a finding, a notify type, an algorithm or a kernel counter means.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_positional "ipsecdiag" -eq 1' -fa 'help' -d 'Show subcommand help information.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag diagnose"' -s 'r' -l 'read' -d 'A capture file: pcap, pcapng or snoop, also gzip or zstd; - is standard input. Repeat for several, read in time order.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag diagnose" i interface' -l 'interface' -s 'i' -d 'Capture live on this interface (needs CAP_NET_RAW).' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag diagnose" c count' -l 'count' -s 'c' -d 'Stop after this many frames.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag diagnose" time-from' -l 'time-from' -d 'Only frames from this time on: RFC 3339, or seconds since 1970.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag diagnose" time-to' -l 'time-to' -d 'Only frames up to this time.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag diagnose"' -l 'peer' -d 'Only packets from or to this address. Repeat for several.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag diagnose"' -l 'spi' -d 'Only ESP or AH with this SPI, or IKE with it on either side, in hexadecimal. Repeat for several.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag diagnose"' -l 'exchange' -d 'Only IKE messages of this exchange: IKE_AUTH, \'main mode\', or its number. Repeat for several.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag diagnose" compare' -l 'compare' -d 'A second capture, called B, of the same time at another point, such as the other gateway: what is lost between the two, by class and direction. Clocks and NAT may differ; what is selected is selected in both.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag diagnose"' -l 'keys' -d 'Keys, in any form: Wireshark\'s esp_sa, ikev2_decryption_table and ikev1_decryption_table (strongSwan\'s save-keys), ip xfrm state, setkey -D, pluto\'s log. The word kernel is no file but this kernel\'s SAs (needs CAP_NET_ADMIN). Repeat for several.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag diagnose" fail-on' -l 'fail-on' -d 'The mildest finding that makes the exit code 1 or 2: info, warning, critical or never.' -rfka 'info warning critical never'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag diagnose" redact' -l 'redact' -d 'Give addresses, SPIs, identities and networks other names, the same ones throughout: for reports that others read.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag diagnose" ascii' -l 'ascii' -d 'Plain ASCII; the default where the locale is not UTF-8.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag diagnose" q quiet' -l 'quiet' -s 'q' -d 'The verdict\'s line alone.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag diagnose" v verbose' -l 'verbose' -s 'v' -d 'All frames of the evidence, and every SA or answer in full.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag diagnose" color' -l 'color' -d 'auto, always or never: auto colours for a terminal, unless NO_COLOR is set; CLICOLOR_FORCE colours anything.' -rfka 'auto always never'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag diagnose" format' -l 'format' -d 'text, json, ndjson, html (a page by itself, with plots) or nagios.' -rfka 'text json ndjson html nagios'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag diagnose" json' -l 'json' -d 'Short for --format json: one document.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag diagnose" ndjson' -l 'ndjson' -d 'Short for --format ndjson: one object a finding, then one for the rest.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag diagnose" nagios' -l 'nagios' -d 'Short for --format nagios: one line for a monitoring system, details below it.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag diagnose" version' -l 'version' -d 'Show the version.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag diagnose" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag probe" targets' -l 'targets' -d 'Read targets from this file, a line each; - is standard input.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag probe" enumerate' -l 'enumerate' -d 'Find out all that the peer accepts: whole suites, then the algorithms of each kind, whose order decides, and additional key exchanges.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag probe"' -l 'proposal' -d 'Whether this proposal is accepted, in strongSwan\'s or libreswan\'s spelling: aes256gcm16-prfsha384-ecp384. Repeat for several.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag probe" policy' -l 'policy' -d 'Hold the peer against this file, a demand a line: accept PROPOSAL, refuse PROPOSAL, accept or refuse ALGORITHM, refuse ikev1, require FEATURE.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag probe" pq' -l 'pq' -d 'Whether the peer is ready for ML-KEM: announced, accepted, and whether its key shares would get through.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag probe" 4 ipv4' -s '4' -l 'ipv4' -d 'IPv4 addresses of names only.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag probe" 6 ipv6' -s '6' -l 'ipv6' -d 'IPv6 addresses of names only.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag probe" port' -l 'port' -d 'The peer\'s port instead of 500 and 4500; 4500 alone is asked with the non-ESP marker.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag probe" sport' -l 'sport' -d 'Send from this port. Any free one by default: never from 500, which a daemon may own. What looks at source ports, as some firewalls do, may treat that differently.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag probe" source' -l 'source' -d 'Send from this address.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag probe" i interface' -l 'interface' -s 'i' -d 'Send by this interface.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag probe" timeout' -l 'timeout' -d 'How long the first transmission of a request waits; each further one waits twice as long.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag probe" retries' -l 'retries' -d 'How often an unanswered request is sent again.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag probe" c count' -l 'count' -s 'c' -d 'Round trips on each port.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag probe" rate' -l 'rate' -d 'Packets a second, to all targets together.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag probe" concurrency' -l 'concurrency' -d 'How many names and addresses are asked at the same time.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag probe" tcp' -l 'tcp' -d 'Ask for IKE in TCP on port 4500 (RFC 9329) as well.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag probe" ikev1' -l 'ikev1' -d 'Ask for IKEv1: the first message of main and of aggressive mode.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag probe" no-ikev1' -l 'no-ikev1' -d 'Ask for IKEv1: the first message of main and of aggressive mode.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag probe" w write' -s 'w' -l 'write' -d 'Write what was sent and received to this pcapng file, but for the first look through networks.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag probe" fail-on' -l 'fail-on' -d 'The mildest finding that makes the exit code 1 or 2: info, warning, critical or never.' -rfka 'info warning critical never'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag probe" redact' -l 'redact' -d 'Give addresses, SPIs, identities and networks other names, the same ones throughout: for reports that others read.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag probe" ascii' -l 'ascii' -d 'Plain ASCII; the default where the locale is not UTF-8.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag probe" q quiet' -l 'quiet' -s 'q' -d 'The verdict\'s line alone.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag probe" v verbose' -l 'verbose' -s 'v' -d 'All frames of the evidence, and every SA or answer in full.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag probe" color' -l 'color' -d 'auto, always or never: auto colours for a terminal, unless NO_COLOR is set; CLICOLOR_FORCE colours anything.' -rfka 'auto always never'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag probe" format' -l 'format' -d 'text, json, ndjson, nagios or prometheus (text exposition).' -rfka 'text json ndjson nagios prometheus'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag probe" json' -l 'json' -d 'Short for --format json: one document.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag probe" ndjson' -l 'ndjson' -d 'Short for --format ndjson: one object an address, as they come.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag probe" nagios' -l 'nagios' -d 'Short for --format nagios: one line for a monitoring system, details below it.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag probe" version' -l 'version' -d 'Show the version.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag probe" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag decode"' -s 'r' -l 'read' -d 'A capture file: pcap, pcapng or snoop, also gzip or zstd; - is standard input. Repeat for several, read in time order.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag decode" i interface' -l 'interface' -s 'i' -d 'Capture live on this interface (needs CAP_NET_RAW).' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag decode" c count' -l 'count' -s 'c' -d 'Stop after this many frames.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag decode" time-from' -l 'time-from' -d 'Only frames from this time on: RFC 3339, or seconds since 1970.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag decode" time-to' -l 'time-to' -d 'Only frames up to this time.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag decode"' -l 'peer' -d 'Only packets from or to this address. Repeat for several.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag decode"' -l 'spi' -d 'Only ESP or AH with this SPI, or IKE with it on either side, in hexadecimal. Repeat for several.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag decode"' -l 'exchange' -d 'Only IKE messages of this exchange: IKE_AUTH, \'main mode\', or its number. Repeat for several.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag decode"' -l 'keys' -d 'Keys, in any form: Wireshark\'s esp_sa, ikev2_decryption_table and ikev1_decryption_table (strongSwan\'s save-keys), ip xfrm state, setkey -D, pluto\'s log. The word kernel is no file but this kernel\'s SAs (needs CAP_NET_ADMIN). Repeat for several.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag decode" key-report' -l 'key-report' -d 'Tell which key opened what, which fits nothing, and which SA has none.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag decode" show-keys' -l 'show-keys' -d 'Print the keys themselves in the key report, in hexadecimal.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag decode"' -l 'verbose' -s 'v' -d 'Show every field with its byte range; twice, the bytes as well.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag decode" q quiet' -l 'quiet' -s 'q' -d 'Print no frames: for use with -w.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag decode" summary' -l 'summary' -d 'Print a table of conversations instead of frames.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag decode" format' -l 'format' -d 'text, json or ndjson.' -rfka 'text json ndjson'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag decode" json' -l 'json' -d 'Short for --format json: one document.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag decode" ndjson' -l 'ndjson' -d 'Short for --format ndjson: one object a line.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag decode" time' -l 'time' -d 'relative, delta, epoch, utc or local.' -rfka 'relative delta epoch utc local'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag decode" ascii' -l 'ascii' -d 'Plain ASCII; the default where the locale is not UTF-8.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag decode" w write' -s 'w' -l 'write' -d 'Also write the selected frames to this pcapng file; with --keys, the packets inside their ESP instead.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag decode" version' -l 'version' -d 'Show the version.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag decode" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag replay"' -s 'r' -l 'read' -d 'A capture file: pcap, pcapng or snoop, also gzip or zstd; - is standard input. Repeat for several, read in time order.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag replay" i interface' -l 'interface' -s 'i' -d 'Capture live on this interface (needs CAP_NET_RAW).' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag replay" c count' -l 'count' -s 'c' -d 'Stop after this many frames.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag replay" time-from' -l 'time-from' -d 'Only frames from this time on: RFC 3339, or seconds since 1970.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag replay" time-to' -l 'time-to' -d 'Only frames up to this time.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag replay"' -l 'peer' -d 'Only packets from or to this address. Repeat for several.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag replay"' -l 'spi' -d 'Only ESP or AH with this SPI, or IKE with it on either side, in hexadecimal. Repeat for several.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag replay"' -l 'exchange' -d 'Only IKE messages of this exchange: IKE_AUTH, \'main mode\', or its number. Repeat for several.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag replay"' -l 'keys' -d 'Keys, in any form: Wireshark\'s esp_sa, ikev2_decryption_table and ikev1_decryption_table (strongSwan\'s save-keys), ip xfrm state, setkey -D, pluto\'s log. The word kernel is no file but this kernel\'s SAs (needs CAP_NET_ADMIN). Repeat for several.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag replay" fail-on' -l 'fail-on' -d 'The mildest finding that makes the exit code 1 or 2: info, warning, critical or never.' -rfka 'info warning critical never'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag replay" redact' -l 'redact' -d 'Give addresses, SPIs, identities and networks other names, the same ones throughout: for reports that others read.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag replay" ascii' -l 'ascii' -d 'Plain ASCII; the default where the locale is not UTF-8.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag replay" q quiet' -l 'quiet' -s 'q' -d 'The verdict\'s line alone.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag replay" v verbose' -l 'verbose' -s 'v' -d 'All frames of the evidence, and every SA or answer in full.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag replay" color' -l 'color' -d 'auto, always or never: auto colours for a terminal, unless NO_COLOR is set; CLICOLOR_FORCE colours anything.' -rfka 'auto always never'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag replay" window' -l 'window' -d 'Also tell what a window of this size would drop: 1 to 1048576.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag replay" json' -l 'json' -d 'One JSON document.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag replay" version' -l 'version' -d 'Show the version.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag replay" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag dpd" calculate' -l 'calculate' -d 'Compute from settings; no capture is read.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag dpd" daemon' -l 'daemon' -d 'Whose checks: strongswan, libreswan or iked.' -rfka 'strongswan libreswan iked'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag dpd" ike-version' -l 'ike-version' -d '1 or 2; 2 by default, or what a file says.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag dpd"' -l 'config' -d 'Read swanctl.conf, strongswan.conf or ipsec.conf; each of its connections is reported. Options beside it win over the file. Repeat for several; - is standard input.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag dpd" dpd-delay' -l 'dpd-delay' -d 'dpd_delay, dpddelay or dpd_check_interval: without traffic for so long, a check leaves; 30 s by default, 0 for no checks.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag dpd" dpd-timeout' -l 'dpd-timeout' -d 'dpd_timeout or dpdtimeout: IKEv1\'s own timeout, which IKEv2 ignores.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag dpd" retransmit-timeout' -l 'retransmit-timeout' -d 'Until the first retransmission for strongSwan (4 s), until no more are sent for libreswan (60 s).' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag dpd" retransmit-base' -l 'retransmit-base' -d 'strongSwan: by what each gap is longer than the one before (1.8).' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag dpd" retransmit-tries' -l 'retransmit-tries' -d 'strongSwan: retransmissions before giving up (5).' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag dpd" retransmit-limit' -l 'retransmit-limit' -d 'strongSwan: no gap is longer (no limit).' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag dpd" retransmit-jitter' -l 'retransmit-jitter' -d 'strongSwan: gaps are shortened at random by up to so many percent, 20 at most (0).' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag dpd" retransmit-interval' -l 'retransmit-interval' -d 'libreswan: until the first retransmission, with its unit (500ms).' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag dpd" target' -l 'target' -d 'Propose settings with which a dead peer is noticed within this time.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag dpd"' -s 'r' -l 'read' -d 'A capture file: pcap, pcapng or snoop, also gzip or zstd; - is standard input. Repeat for several, read in time order.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag dpd" i interface' -l 'interface' -s 'i' -d 'Capture live on this interface (needs CAP_NET_RAW).' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag dpd" c count' -l 'count' -s 'c' -d 'Stop after this many frames.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag dpd" time-from' -l 'time-from' -d 'Only frames from this time on: RFC 3339, or seconds since 1970.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag dpd" time-to' -l 'time-to' -d 'Only frames up to this time.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag dpd"' -l 'peer' -d 'Only packets from or to this address. Repeat for several.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag dpd"' -l 'spi' -d 'Only ESP or AH with this SPI, or IKE with it on either side, in hexadecimal. Repeat for several.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag dpd"' -l 'exchange' -d 'Only IKE messages of this exchange: IKE_AUTH, \'main mode\', or its number. Repeat for several.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag dpd"' -l 'keys' -d 'Keys, in any form: Wireshark\'s esp_sa, ikev2_decryption_table and ikev1_decryption_table (strongSwan\'s save-keys), ip xfrm state, setkey -D, pluto\'s log. The word kernel is no file but this kernel\'s SAs (needs CAP_NET_ADMIN). Repeat for several.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag dpd" fail-on' -l 'fail-on' -d 'The mildest finding that makes the exit code 1 or 2: info, warning, critical or never.' -rfka 'info warning critical never'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag dpd" redact' -l 'redact' -d 'Give addresses, SPIs, identities and networks other names, the same ones throughout: for reports that others read.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag dpd" ascii' -l 'ascii' -d 'Plain ASCII; the default where the locale is not UTF-8.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag dpd" q quiet' -l 'quiet' -s 'q' -d 'The verdict\'s line alone.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag dpd" v verbose' -l 'verbose' -s 'v' -d 'All frames of the evidence, and every SA or answer in full.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag dpd" color' -l 'color' -d 'auto, always or never: auto colours for a terminal, unless NO_COLOR is set; CLICOLOR_FORCE colours anything.' -rfka 'auto always never'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag dpd" json' -l 'json' -d 'One JSON document.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag dpd" version' -l 'version' -d 'Show the version.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag dpd" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag mtu" calculate' -l 'calculate' -d 'Compute from what the options say; no capture is read.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag mtu" suite' -l 'suite' -d 'The ESP suite as strongSwan or libreswan write it: aes256gcm16, aes128-sha256.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag mtu"' -l 'path-mtu' -d 'The largest packet that the path between the gateways takes; 1500 by default. Repeat for several.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag mtu" ipv6' -l 'ipv6' -d 'The gateways talk over IPv6.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag mtu" nat-t' -l 'nat-t' -d 'ESP in UDP, as behind a NAT.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag mtu" tcp' -l 'tcp' -d 'ESP in TCP (RFC 9329), with TCP timestamps.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag mtu" transport' -l 'transport' -d 'Transport mode instead of tunnel mode.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag mtu" gre' -l 'gre' -d 'GRE inside ESP.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag mtu" eesp' -l 'eesp' -d 'Enhanced ESP instead of ESP (experimental: a draft, AEAD suites only).'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag mtu"' -s 'r' -l 'read' -d 'A capture file: pcap, pcapng or snoop, also gzip or zstd; - is standard input. Repeat for several, read in time order.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag mtu" i interface' -l 'interface' -s 'i' -d 'Capture live on this interface (needs CAP_NET_RAW).' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag mtu" c count' -l 'count' -s 'c' -d 'Stop after this many frames.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag mtu" time-from' -l 'time-from' -d 'Only frames from this time on: RFC 3339, or seconds since 1970.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag mtu" time-to' -l 'time-to' -d 'Only frames up to this time.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag mtu"' -l 'peer' -d 'Only packets from or to this address. Repeat for several.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag mtu"' -l 'spi' -d 'Only ESP or AH with this SPI, or IKE with it on either side, in hexadecimal. Repeat for several.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag mtu"' -l 'exchange' -d 'Only IKE messages of this exchange: IKE_AUTH, \'main mode\', or its number. Repeat for several.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag mtu"' -l 'keys' -d 'Keys, in any form: Wireshark\'s esp_sa, ikev2_decryption_table and ikev1_decryption_table (strongSwan\'s save-keys), ip xfrm state, setkey -D, pluto\'s log. The word kernel is no file but this kernel\'s SAs (needs CAP_NET_ADMIN). Repeat for several.' -rfka ''
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag mtu" fail-on' -l 'fail-on' -d 'The mildest finding that makes the exit code 1 or 2: info, warning, critical or never.' -rfka 'info warning critical never'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag mtu" redact' -l 'redact' -d 'Give addresses, SPIs, identities and networks other names, the same ones throughout: for reports that others read.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag mtu" ascii' -l 'ascii' -d 'Plain ASCII; the default where the locale is not UTF-8.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag mtu" q quiet' -l 'quiet' -s 'q' -d 'The verdict\'s line alone.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag mtu" v verbose' -l 'verbose' -s 'v' -d 'All frames of the evidence, and every SA or answer in full.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag mtu" color' -l 'color' -d 'auto, always or never: auto colours for a terminal, unless NO_COLOR is set; CLICOLOR_FORCE colours anything.' -rfka 'auto always never'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag mtu" json' -l 'json' -d 'One JSON document.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag mtu" version' -l 'version' -d 'Show the version.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag mtu" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag explain" list' -l 'list' -d 'List all that can be explained, by kind.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag explain" json' -l 'json' -d 'One JSON document.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag explain" version' -l 'version' -d 'Show the version.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag explain" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'ipsecdiag' -n '__ipsecdiag_should_offer_completions_for_flags_or_options "ipsecdiag help" version' -l 'version' -d 'Show the version.'
