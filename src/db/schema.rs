//! The tables, as Diesel sees them. The truth stands in `migrations/`; a contract test compares the two databases.

diesel::table! {
    tenants (id) {
        id -> Text,
        name -> Text,
        contact_email -> Text,
        client_id_prefix -> Text,
        operates -> Bool,
        developers_may_add_machine_clients -> Bool,
        legacy_grants -> Bool,
        created_at -> BigInt,
        website_url -> Text,
        contact_name -> Text,
        grace_days -> Nullable<Integer>,
        second_factor_required -> Bool,
        session_idle_minutes -> Integer,
        session_hours -> Integer,
        version -> Integer,
        name_key -> Text,
    }
}

diesel::table! {
    accounts (id) {
        id -> Text,
        email -> Text,
        email_key -> Text,
        name -> Text,
        password_hash -> Text,
        operator -> Bool,
        activated_at -> Nullable<BigInt>,
        password_changed_at -> BigInt,
        created_at -> BigInt,
        platform_approver -> Bool,
        totp_sealed -> Nullable<Binary>,
        totp_last_step -> BigInt,
        muted_mail -> Text,
        name_key -> Text,
    }
}

diesel::table! {
    members (id) {
        id -> Text,
        tenant_id -> Text,
        account_id -> Text,
        developer -> Bool,
        approver -> Bool,
        administrator -> Bool,
        created_at -> BigInt,
    }
}

diesel::table! {
    sessions (id) {
        id -> Text,
        key_hash -> Text,
        account_id -> Nullable<Text>,
        state -> Text,
        address -> Text,
        user_agent -> Text,
        created_at -> BigInt,
        last_seen_at -> BigInt,
        expires_at -> BigInt,
        tenant_id -> Nullable<Text>,
    }
}

diesel::table! {
    mailed_codes (id) {
        id -> Text,
        purpose -> Text,
        account_id -> Nullable<Text>,
        code_hash -> Text,
        attempts -> Integer,
        created_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    setup_links (token_hash) {
        token_hash -> Text,
        expires_at -> BigInt,
    }
}

diesel::table! {
    throttles (bucket) {
        bucket -> Text,
        failures -> Integer,
        last_failure_at -> BigInt,
        blocked_until -> BigInt,
    }
}

diesel::table! {
    outbox (id) {
        id -> Text,
        recipient -> Text,
        subject -> Text,
        sealed_body -> Binary,
        created_at -> BigInt,
        attempts -> Integer,
        next_attempt_at -> BigInt,
        last_error -> Text,
    }
}

diesel::table! {
    services (id) {
        id -> Text,
        tenant_id -> Text,
        name -> Text,
        name_key -> Text,
        domain -> Text,
        description -> Text,
        privacy_policy_url -> Text,
        terms_url -> Text,
        contact_email -> Text,
        logo_digest -> Nullable<Text>,
        status -> Text,
        status_before_deletion -> Nullable<Text>,
        deleted_at -> Nullable<BigInt>,
        environment -> Text,
        version -> Integer,
        created_at -> BigInt,
        updated_at -> BigInt,
        purge_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    logos (service_id) {
        service_id -> Text,
        content_type -> Text,
        bytes -> Binary,
    }
}

diesel::table! {
    clients (uid) {
        uid -> Text,
        tenant_id -> Text,
        service_id -> Text,
        client_id -> Text,
        name -> Text,
        name_key -> Text,
        description -> Text,
        client_type -> Text,
        grant_types -> Text,
        response_types -> Text,
        redirect_urls -> Text,
        logout_redirect_urls -> Text,
        cors_origins -> Text,
        website_url -> Text,
        privacy_policy_url -> Text,
        terms_url -> Text,
        scopes -> Text,
        token_lifetime -> Integer,
        require_consent -> Bool,
        require_pkce -> Bool,
        id_token_signing -> Text,
        subject_type -> Text,
        default_purpose -> Nullable<Text>,
        status -> Text,
        status_before_deletion -> Nullable<Text>,
        deleted_at -> Nullable<BigInt>,
        deleted_with_service -> Bool,
        version -> Integer,
        created_at -> BigInt,
        updated_at -> BigInt,
        purge_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    used_client_ids (client_id) {
        client_id -> Text,
        tenant_id -> Text,
        issued_at -> BigInt,
    }
}

diesel::table! {
    roles (id) {
        id -> Text,
        tenant_id -> Text,
        name -> Text,
        description -> Text,
        built_in -> Bool,
        version -> Integer,
    }
}

diesel::table! {
    client_roles (client_uid, role_id) {
        client_uid -> Text,
        role_id -> Text,
    }
}

diesel::table! {
    scopes (id) {
        id -> Text,
        tenant_id -> Text,
        name -> Text,
        description -> Text,
        built_in -> Bool,
        version -> Integer,
    }
}

diesel::table! {
    secrets (id) {
        id -> Text,
        client_uid -> Text,
        environment -> Text,
        description -> Text,
        hash -> Text,
        last_four -> Text,
        created_by -> Text,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
        created_by_id -> Nullable<Text>,
        ends_by_rotation -> Bool,
        tenant_id -> Nullable<Text>,
    }
}

diesel::table! {
    reveals (id) {
        id -> Text,
        secret_id -> Text,
        account_id -> Text,
        expires_at -> BigInt,
    }
}

diesel::table! {
    submissions (token) {
        token -> Text,
        made -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    audit_events (seq) {
        seq -> BigInt,
        at -> BigInt,
        tenant_id -> Nullable<Text>,
        actor_id -> Nullable<Text>,
        actor_name -> Text,
        address -> Text,
        action -> Text,
        target_kind -> Text,
        target_id -> Text,
        target_name -> Text,
        service_id -> Nullable<Text>,
        client_uid -> Nullable<Text>,
        target_version -> Nullable<Integer>,
        changes -> Text,
        previous_hash -> Text,
        hash -> Text,
    }
}

diesel::table! {
    audit_head (id) {
        id -> Integer,
        seq -> BigInt,
        hash -> Text,
    }
}

diesel::table! {
    leases (name) {
        name -> Text,
        holder -> Text,
        expires_at -> BigInt,
    }
}

diesel::table! {
    recovery_codes (id) {
        id -> Text,
        account_id -> Text,
        code_hash -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    external_identities (id) {
        id -> Text,
        account_id -> Text,
        issuer -> Text,
        subject -> Text,
        email -> Text,
        linked_at -> BigInt,
        last_used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    invitations (id) {
        id -> Text,
        tenant_id -> Text,
        email -> Text,
        email_key -> Text,
        developer -> Bool,
        approver -> Bool,
        administrator -> Bool,
        token_hash -> Text,
        invited_by -> Text,
        created_at -> BigInt,
        sent_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    communities (id) {
        id -> Text,
        tenant_id -> Text,
        name -> Text,
        name_key -> Text,
        description -> Text,
        version -> Integer,
        created_at -> BigInt,
    }
}

diesel::table! {
    community_tenants (community_id, tenant_id) {
        community_id -> Text,
        tenant_id -> Text,
        invited_by -> Text,
        invited_at -> BigInt,
        joined_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    community_roles (id) {
        id -> Text,
        community_id -> Text,
        name -> Text,
        description -> Text,
        built_in -> Bool,
        version -> Integer,
    }
}

diesel::table! {
    client_community_roles (client_uid, role_id) {
        client_uid -> Text,
        role_id -> Text,
    }
}

diesel::table! {
    member_community_roles (member_id, role_id) {
        member_id -> Text,
        role_id -> Text,
    }
}

diesel::table! {
    test_users (id) {
        id -> Text,
        service_id -> Text,
        email -> Text,
        email_key -> Text,
        added_by -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    release_requests (id) {
        id -> Text,
        tenant_id -> Text,
        service_id -> Text,
        waits_for -> Nullable<Text>,
        state -> Text,
        requested_by -> Text,
        requester_name -> Text,
        message -> Text,
        evidence -> Text,
        evidence_hash -> Text,
        created_at -> BigInt,
        decided_by -> Nullable<Text>,
        decider_name -> Text,
        reason -> Text,
        decided_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    changes_to_review (id) {
        id -> Text,
        tenant_id -> Text,
        service_id -> Text,
        client_uid -> Text,
        client_name -> Text,
        changed_by -> Text,
        changed_by_name -> Text,
        field -> Text,
        value_before -> Text,
        value_after -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    reminders (about) {
        about -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    job_runs (name) {
        name -> Text,
        began_at -> BigInt,
        ended_at -> BigInt,
        succeeded_at -> Nullable<BigInt>,
        outcome -> Text,
    }
}

diesel::table! {
    client_keys (id) {
        id -> Text,
        client_uid -> Text,
        kid -> Text,
        algorithm -> Text,
        jwk -> Text,
        thumbprint -> Text,
        added_by -> Text,
        created_at -> BigInt,
        last_used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    signing_keys (kid) {
        kid -> Text,
        algorithm -> Text,
        sealed_private -> Binary,
        public_jwk -> Text,
        created_at -> BigInt,
        active_from -> BigInt,
    }
}

diesel::table! {
    authorization_requests (id_hash) {
        id_hash -> Text,
        client_uid -> Text,
        pushed -> Bool,
        parameters -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    grants (id) {
        id -> Text,
        client_uid -> Text,
        account_id -> Text,
        scopes -> Text,
        environment -> Text,
        redirect_url -> Text,
        authenticated_at -> BigInt,
        second_factor -> Bool,
        nonce -> Text,
        claims -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        by_password -> Bool,
    }
}

diesel::table! {
    authorization_codes (code_hash) {
        code_hash -> Text,
        grant_id -> Text,
        redirect_url_given -> Bool,
        code_challenge -> Text,
        expires_at -> BigInt,
        redeemed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    refresh_tokens (token_hash) {
        token_hash -> Text,
        grant_id -> Text,
        live_of -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    revoked_tokens (jti) {
        jti -> Text,
        expires_at -> BigInt,
    }
}

diesel::table! {
    used_assertions (id_hash) {
        id_hash -> Text,
        expires_at -> BigInt,
    }
}

diesel::table! {
    consents (id) {
        id -> Text,
        account_id -> Text,
        client_uid -> Text,
        scopes -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    protocol_events (id) {
        id -> Text,
        reference -> Text,
        tenant_id -> Text,
        client_uid -> Nullable<Text>,
        at -> BigInt,
        endpoint -> Text,
        attempted -> Text,
        fault -> Text,
        expected -> Text,
        received -> Text,
        network -> Text,
    }
}

diesel::table! {
    client_last_uses (tenant_id, client_uid) {
        tenant_id -> Text,
        client_uid -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    secret_last_uses (secret_id) {
        secret_id -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    client_usage (client_uid, hour) {
        client_uid -> Text,
        hour -> BigInt,
        granted -> BigInt,
        refused -> BigInt,
    }
}

diesel::table! {
    secret_usage (secret_id, day, network) {
        secret_id -> Text,
        day -> BigInt,
        network -> Text,
        accepted -> BigInt,
        last_at -> BigInt,
    }
}

diesel::table! {
    registration_tokens (id) {
        id -> Text,
        tenant_id -> Text,
        service_id -> Text,
        description -> Text,
        token_hash -> Text,
        issued_by -> Text,
        issued_by_name -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
        last_used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    registered_clients (client_uid) {
        client_uid -> Text,
        token_hash -> Text,
        registered_with -> Text,
        issued_by -> Text,
        auth_method -> Text,
        application_type -> Text,
    }
}

diesel::joinable!(members -> tenants (tenant_id));
diesel::joinable!(members -> accounts (account_id));
diesel::joinable!(services -> tenants (tenant_id));
diesel::joinable!(clients -> services (service_id));
diesel::joinable!(secrets -> clients (client_uid));
diesel::joinable!(logos -> services (service_id));
diesel::joinable!(reveals -> secrets (secret_id));
diesel::joinable!(client_roles -> roles (role_id));
diesel::joinable!(client_roles -> clients (client_uid));
diesel::joinable!(recovery_codes -> accounts (account_id));
diesel::joinable!(external_identities -> accounts (account_id));
diesel::joinable!(invitations -> tenants (tenant_id));
diesel::joinable!(community_tenants -> communities (community_id));
diesel::joinable!(community_tenants -> tenants (tenant_id));
diesel::joinable!(community_roles -> communities (community_id));
diesel::joinable!(client_community_roles -> community_roles (role_id));
diesel::joinable!(client_community_roles -> clients (client_uid));
diesel::joinable!(member_community_roles -> community_roles (role_id));
diesel::joinable!(member_community_roles -> members (member_id));
diesel::joinable!(test_users -> services (service_id));
diesel::joinable!(release_requests -> services (service_id));
diesel::joinable!(release_requests -> tenants (tenant_id));
diesel::joinable!(changes_to_review -> services (service_id));
diesel::joinable!(client_keys -> clients (client_uid));
diesel::joinable!(authorization_requests -> clients (client_uid));
diesel::joinable!(grants -> clients (client_uid));
diesel::joinable!(grants -> accounts (account_id));
diesel::joinable!(authorization_codes -> grants (grant_id));
diesel::joinable!(refresh_tokens -> grants (grant_id));
diesel::joinable!(consents -> accounts (account_id));
diesel::joinable!(consents -> clients (client_uid));
diesel::joinable!(secret_last_uses -> secrets (secret_id));
diesel::joinable!(client_usage -> clients (client_uid));
diesel::joinable!(secret_usage -> secrets (secret_id));
diesel::joinable!(registration_tokens -> tenants (tenant_id));
diesel::joinable!(registration_tokens -> services (service_id));
diesel::joinable!(registration_tokens -> accounts (issued_by));
diesel::joinable!(registered_clients -> clients (client_uid));
diesel::joinable!(registered_clients -> accounts (issued_by));

diesel::allow_tables_to_appear_in_same_query!(tenants, accounts, members, sessions, mailed_codes, setup_links, throttles, outbox, services, logos, clients, used_client_ids, roles, client_roles, scopes, secrets, reveals, submissions, audit_events, audit_head, leases, recovery_codes, external_identities, invitations, communities, community_tenants, community_roles, client_community_roles, member_community_roles, test_users, release_requests, changes_to_review, reminders, job_runs, client_keys, signing_keys, authorization_requests, grants, authorization_codes, refresh_tokens, revoked_tokens, used_assertions, consents, protocol_events, client_last_uses, secret_last_uses, client_usage, secret_usage, registration_tokens, registered_clients);
